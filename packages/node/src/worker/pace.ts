import { checkpointInterval } from "@foldmesh/jobs";

/** The most of proving that may go into checkpoints, ppm. */
const SHARE = 50_000;

/** When to make the next checkpoint: one at a time, and so seldom that all together cost under a twentieth of proving. */
export interface Pace {
  maybe(checkpoint: () => Promise<void>): void;
}

/** @param leastMs between two of them @param now a clock, ms */
export function createPace(leastMs: number, now: () => number = () => performance.now()): Pace {
  let next = now() + leastMs;
  let isBusy = false;
  return {
    maybe(checkpoint) {
      if (isBusy || now() < next) return;
      const started = now();
      isBusy = true;
      const done = (): void => {
        isBusy = false;
        const cost = Math.max(1, now() - started);
        next = started + Math.max(leastMs, checkpointInterval(1, cost, SHARE));
      };
      checkpoint().then(done, done);
    },
  };
}
