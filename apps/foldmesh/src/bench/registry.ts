import { CLIError } from "../errors.ts";
import type { Benchmark, BenchmarkOptions, Measurement } from "./benchmark.ts";
import { jobBenchmark } from "./job.ts";
import { msmBenchmarks } from "./msm.ts";
import { nodeBenchmark } from "./nodes.ts";
import { poseidonBenchmark } from "./poseidon.ts";
import { sumcheckBenchmark } from "./sumcheck.ts";

export const BENCHMARKS: readonly Benchmark[] = [
  ...msmBenchmarks,
  poseidonBenchmark,
  sumcheckBenchmark,
  nodeBenchmark,
  jobBenchmark,
];

/** Runs the benchmarks named, or all, one after the other. @throws CLIError USAGE */
export async function* runBenchmarks(
  names: readonly string[],
  options: BenchmarkOptions,
): AsyncGenerator<Measurement> {
  checkNames(names);
  for (const benchmark of BENCHMARKS) {
    if (names.length > 0 && !benchmark.names.some((name) => names.includes(name))) continue;
    for await (const measurement of benchmark.run(options)) {
      options.signal.throwIfAborted();
      if (names.length === 0 || names.includes(measurement.name)) yield measurement;
    }
  }
}

function checkNames(names: readonly string[]): void {
  const known = BENCHMARKS.flatMap((benchmark) => benchmark.names);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new CLIError(
    "USAGE",
    `there is no benchmark "${unknown}": choose from ${known.join(", ")}`,
  );
}
