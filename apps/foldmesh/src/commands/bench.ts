import type { Command } from "commander";
import type { Measurement } from "../bench/benchmark.ts";
import { tableHeader, tableRow } from "../bench/print.ts";
import { BENCHMARKS, runBenchmarks } from "../bench/registry.ts";
import { cacheDirectory } from "../io/paths.ts";
import { type CommandContext, withCache, withExamples } from "./context.ts";

export function addBench(parent: Command, context: CommandContext): void {
  const command = parent
    .command("bench")
    .description("Measure the kernels and the prover, side by side with named peers.")
    .argument("[names...]", "benchmarks to run (default: all)")
    .option("--quick", "small sizes and few repetitions")
    .option("--gpu", "all benchmarks of the GPU, instead of the others")
    .option("--json", "print one JSON object a line")
    .addHelpText("after", () => `\nBenchmarks:\n${listing()}`);
  withExamples(
    withCache(command),
    "foldmesh bench",
    "foldmesh bench msm-g1 merge --quick",
    "foldmesh bench --gpu",
    "foldmesh bench --json > bench.jsonl",
  ).action((names: string[], options: BenchArguments) => bench(names, options, context));
}

interface BenchArguments {
  readonly quick?: boolean;
  readonly gpu?: boolean;
  readonly cache?: string;
}

const listing = (): string =>
  BENCHMARKS.map(({ names, about }) => `  ${names.join(", ").padEnd(28)} ${about}`).join("\n");

async function bench(
  names: readonly string[],
  { quick = false, gpu = false, cache }: BenchArguments,
  { signal, terminal }: CommandContext,
): Promise<void> {
  const cacheDir = cacheDirectory(cache);
  const options = { quick, gpu, cacheDir, signal, note: terminal.note };
  let first = true;
  for await (const measurement of runBenchmarks(names, options)) {
    if (first) terminal.line(tableHeader());
    first = false;
    terminal.line(tableRow(measurement));
    terminal.result(rounded(measurement));
  }
}

/** A thousandth of a millisecond is enough. */
function rounded(m: Measurement): Measurement {
  const round = (x: number): number => Math.round(x * 1000) / 1000;
  return {
    ...m,
    ms: round(m.ms),
    ...(m.peerMs === undefined ? {} : { peerMs: round(m.peerMs) }),
    ...(m.ratio === undefined ? {} : { ratio: round(m.ratio) }),
  };
}
