import type { MergeStages } from "@foldmesh/prover";
import type { Benchmark, BenchmarkOptions, Measurement } from "./benchmark.ts";
import { JOB_SIZES, type MeasuredMerge, measureJob } from "./measure-job.ts";
import { median } from "./timing.ts";

const LEAVES = 8;

/** Leaves and merges one after the other on one thread: medians of a job of 8 leaves. */
export const nodeBenchmark: Benchmark = {
  names: ["leaf", "merge", "witness"],
  about: "one leaf; one merge, with the share of its stages; the merge circuit's witness",
  run: async function* (options) {
    for (const s of options.quick ? ([15] as const) : ([15, 17] as const)) {
      yield* measureNodes(s, options);
    }
  },
};

async function* measureNodes(s: 15 | 17, options: BenchmarkOptions): AsyncGenerator<Measurement> {
  options.note(`leaf and merge: a job of ${LEAVES} leaves at s = ${s}`);
  const spec = { ...JOB_SIZES[s], leaves: LEAVES, threads: 1, shards: 1 };
  const { logRows, leafMs, merges } = await measureJob(spec, options);
  yield { name: "leaf", s: logRows, threads: 1, ms: median(leafMs) };
  const overLeaves = merges.filter(({ leaves }) => leaves === 2);
  const overMerges = merges.filter(({ leaves }) => leaves > 2);
  const [low, high] = [summary(overLeaves), summary(overMerges)];
  yield { ...low, name: "merge", size: "leaf+leaf", s: logRows, threads: 1 };
  yield { ...high, name: "merge", size: "above", s: logRows, threads: 1 };
  yield { ms: high.stages.witness, name: "witness", size: "merge", s: logRows, threads: 1 };
}

function summary(merges: readonly MeasuredMerge[]): { ms: number; stages: MergeStages } {
  const stage = (key: keyof MergeStages): number => median(merges.map(({ stages }) => stages[key]));
  return {
    ms: median(merges.map(({ ms }) => ms)),
    stages: {
      fold: stage("fold"),
      cyclefold: stage("cyclefold"),
      witness: stage("witness"),
      commit: stage("commit"),
    },
  };
}
