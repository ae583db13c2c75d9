// How long this process itself stood still: whoever seemed silent in that time may have spoken.

const TICK = 100;
/** Lateness of a timer that means nothing, ms. */
const JITTER = 50;
const MEMORY = 60_000;

interface Pause {
  readonly from: number;
  readonly to: number;
}

export interface LagMeter {
  /** ms of the last `time` ms in which nothing ran here */
  readonly paused: (time: number) => number;
  readonly stop: () => void;
}

/** @param now milliseconds, monotonic */
export function createLagMeter(now: () => number): LagMeter {
  let pauses: readonly Pause[] = [];
  let last = now();
  const current = (): readonly Pause[] => {
    const late = { from: last + TICK, to: now() }; // its tick may come after those who ask
    return late.to - late.from > JITTER ? [...pauses, late] : pauses;
  };
  const timer = setInterval(() => {
    pauses = current().filter(({ to }) => to > now() - MEMORY);
    last = now();
  }, TICK);
  (timer as { unref?: () => void }).unref?.(); // in Node: keeps no process alive
  return {
    paused(time) {
      const begin = now() - time;
      const within = current().map(({ from, to }) => Math.max(0, to - Math.max(from, begin)));
      return within.reduce((sum, ms) => sum + ms, 0);
    },
    stop: () => clearInterval(timer),
  };
}
