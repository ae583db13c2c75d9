/** Something to be timed; what it returns is ignored. */
export type Body = () => unknown;

/**
 * Least milliseconds of each body. The bodies take turns, so that a busy machine disturbs all of them
 * alike; the first turn warms up and does not count.
 */
export async function leastTimes(bodies: readonly Body[], turns: number): Promise<number[]> {
  const least = bodies.map(() => Infinity);
  for (let turn = 0; turn <= turns; turn++) {
    for (const [i, body] of bodies.entries()) {
      const start = performance.now();
      await body();
      const ms = performance.now() - start;
      if (turn > 0) least[i] = Math.min(least[i]!, ms);
    }
  }
  return least;
}

/** NaN for no times. */
export function median(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}
