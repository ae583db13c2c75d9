import { CLIError } from "../errors.ts";
import type { Benchmark, BenchmarkOptions, Measurement } from "./benchmark.ts";
import { gpuBenchmarks, gpuCheck } from "./gpu.ts";
import { jobBenchmark } from "./job.ts";
import { msmBenchmarks } from "./msm.ts";
import { networkBenchmarks } from "./network/network.ts";
import { nodeBenchmark } from "./nodes.ts";
import { poseidonBenchmark } from "./poseidon.ts";
import { snarkjsBenchmarks } from "./snarkjs/snarkjs.ts";
import { sumcheckBenchmark } from "./sumcheck.ts";

export const BENCHMARKS: readonly Benchmark[] = [
  ...msmBenchmarks,
  poseidonBenchmark,
  sumcheckBenchmark,
  nodeBenchmark,
  jobBenchmark,
  ...gpuBenchmarks,
  gpuCheck,
  ...snarkjsBenchmarks,
  ...networkBenchmarks,
];

/** Names for several benchmarks. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  network: networkBenchmarks.flatMap(({ names }) => names),
};

/** All that are run when none is named: those of the GPU, or the others but those that take minutes. */
const usual = (benchmark: Benchmark, gpu: boolean): boolean =>
  gpuBenchmarks.includes(benchmark) === gpu &&
  ![...snarkjsBenchmarks, ...networkBenchmarks, gpuCheck].includes(benchmark);

/** Runs the benchmarks named, or all, one after the other. @throws CLIError USAGE */
export async function* runBenchmarks(
  asked: readonly string[],
  options: BenchmarkOptions,
): AsyncGenerator<Measurement> {
  const names = asked.flatMap((name) => GROUPS[name] ?? [name]);
  checkNames(names);
  for (const benchmark of BENCHMARKS) {
    const wanted =
      names.length === 0
        ? usual(benchmark, options.gpu)
        : benchmark.names.some((name) => names.includes(name));
    if (!wanted) continue;
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
    `there is no benchmark "${unknown}": choose from ${[...known, ...Object.keys(GROUPS)].join(", ")}`,
  );
}
