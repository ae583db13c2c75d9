import type { CIDText } from "@foldmesh/protocol";
import type { Speeds } from "./speeds.ts";

/** How long this machine takes to execute a step of a program. */
export interface Pace {
  /** ms; waits for the second step, unless the program has been executed before */
  readonly stepMs: Promise<number>;
  /** @param steps executed so far */
  readonly onStep: (steps: number) => void;
  /** Nothing more is executed. */
  readonly end: () => void;
}

/** The first step takes longer: the program is loaded for it. */
export function createPace(speeds: Speeds, program: CIDText): Pace {
  const { promise, resolve } = Promise.withResolvers<number>();
  const known = speeds.stepMs(program);
  if (known !== undefined) resolve(known);
  let first = 0;
  let last = 0;
  let count = 0;
  return {
    stepMs: promise,
    onStep(steps) {
      last = performance.now();
      if (steps === 1) first = last;
      count = steps - 1;
      if (count === 1) resolve(last - first);
    },
    end() {
      speeds.onExecuted(program, count, last - first);
      resolve(0); // too little to matter
    },
  };
}
