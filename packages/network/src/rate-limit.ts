/** At most `perSecond` events a second on average, and `burst` at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Whether `key` may do `cost` more events now; a refusal costs nothing. */
export type Limiter = (key: string, cost?: number) => boolean;

const PRUNE_ABOVE = 1024;

/**
 * The generic cell rate algorithm (ITU-T I.371): for each key one number, the time at which it would have used up nothing.
 * @param now milliseconds, monotonic
 */
export function createLimiter(rate: Rate, now: () => number): Limiter {
  const interval = 1000 / rate.perSecond;
  const tolerance = interval * rate.burst;
  const arrival = new Map<string, number>();
  let pruneAbove = PRUNE_ABOVE;
  return (key, cost = 1) => {
    const time = now();
    const next = Math.max(arrival.get(key) ?? 0, time) + cost * interval;
    if (next - time > tolerance) return false;
    if (arrival.size > pruneAbove) {
      forgetIdle(arrival, time);
      pruneAbove = Math.max(PRUNE_ABOVE, 2 * arrival.size); // amortised over as many new keys
    }
    arrival.set(key, next);
    return true;
  };
}

function forgetIdle(arrival: Map<string, number>, time: number): void {
  for (const [key, at] of arrival) if (at <= time) arrival.delete(key);
}
