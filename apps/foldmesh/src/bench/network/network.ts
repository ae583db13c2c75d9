import type { Benchmark } from "../benchmark.ts";
import { overheadBenchmark, scalingBenchmark } from "./jobs.ts";
import { partBenchmarks } from "./parts.ts";

/** `bench network` runs all of them. */
export const networkBenchmarks: readonly Benchmark[] = [
  ...partBenchmarks,
  overheadBenchmark,
  scalingBenchmark,
];
