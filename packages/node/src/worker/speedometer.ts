import type { Benchmark } from "@foldmesh/protocol";

/** How fast one lease is worked on, in constraints a second: from the benchmark at first, then from the work itself. */
export interface Speedometer {
  readonly value: number;
  learn(constraints: number, ms: number): void;
}

/** Rows of the structure that benchmarks count merges of. */
const MERGE_ROWS = 2 ** 15;
const NEWEST = 0.3;

/** @param leases that share the machine */
export function createSpeedometer({ mergesPerMinute }: Benchmark, leases: number): Speedometer {
  let value = (mergesPerMinute * MERGE_ROWS) / 60 / leases;
  return {
    get value() {
      return value;
    },
    learn(constraints, ms) {
      if (constraints > 0 && ms > 0) {
        value += NEWEST * ((constraints * 1000) / ms - value);
      }
    },
  };
}
