// The network's parts, each measured by a program of its package, which prints measurements as JSON lines.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "../../io/paths.ts";
import type { Benchmark, BenchmarkOptions, Measurement } from "../benchmark.ts";

interface PartProgram {
  readonly name: string;
  readonly about: string;
  /** below packages/ */
  readonly path: string;
  readonly quick: readonly string[];
}

const PROGRAMS: readonly PartProgram[] = [
  {
    name: "auction",
    about: "an auction of 32 lots among 8 bidders: all answer; two do not",
    path: "node/bench/auction.ts",
    quick: ["5"],
  },
  {
    name: "lookup",
    about: "who proves, among 50 nodes",
    path: "network/bench/lookup.ts",
    quick: [],
  },
  {
    name: "blob",
    about: "a blob from one process to another",
    path: "network/bench/blob.ts",
    quick: ["64"],
  },
];

export const partBenchmarks: readonly Benchmark[] = PROGRAMS.map((program) => ({
  names: [program.name],
  about: program.about,
  run: (options) => measure(program, options),
}));

async function* measure(
  { name, path, quick: few }: PartProgram,
  { quick, signal, note }: BenchmarkOptions,
): AsyncGenerator<Measurement> {
  note(`${name}: packages/${path}`);
  const args = [join(repositoryRoot, "packages", path), "--json", ...(quick ? few : [])];
  const { stdout } = await promisify(execFile)(process.execPath, args, { signal });
  for (const line of stdout.trimEnd().split("\n")) yield JSON.parse(line) as Measurement;
}
