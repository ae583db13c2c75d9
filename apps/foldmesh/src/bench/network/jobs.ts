// Whole jobs on a network of processes: what the network costs, and what a second prover brings.
import { type Benchmark, type BenchmarkOptions, type Measurement, against } from "../benchmark.ts";
import { JOB_SIZES, type JobSpec, measureJob } from "../measure-job.ts";
import { type Rig, type Spent, startRig } from "./rig.ts";

const THREADS = 2;
const TURNS = 2;
/** As few as two provers can share: it opens the programs, as a process that has finished its setup has opened them. */
const WARM_LEAVES = 2;

/** The same job in one process of two threads, and by a broker and two provers of one thread each. */
export const overheadBenchmark: Benchmark = {
  names: ["overhead"],
  about: "a job of 16 leaves on a network of processes, against the same job in one",
  run: (options) => measureOverhead(options),
};

async function* measureOverhead(options: BenchmarkOptions): AsyncGenerator<Measurement> {
  const leaves = options.quick ? 4 : 16;
  const spec = { ...JOB_SIZES[17], leaves, threads: THREADS, shards: THREADS };
  await using rig = await startRig({ spec, compress: true, provers: THREADS }, options);
  const bodies = [() => rig.run(), () => measureJob(spec, options)];
  const [network, alone] = await takeTurns(bodies, [rig], options);
  const { ms } = network!;
  const ours = { name: "overhead", size: `${leaves} leaves`, s: 17, threads: THREADS, ms };
  const time = more(ms, alone!.ms);
  const detail = `${time} time, ${more(network!.cpuMs, alone!.cpuMs)} processor time`;
  yield { ...against(ours, "one process", alone!.ms), detail };
}

/**
 * The broker has no processor of its own where there are two, and has the second one beside one prover: what a second prover brings is less
 * than what a second processor brings to the whole network, which is therefore measured on one processor, too.
 *
 * The program's steps are cheap to execute beside their proof (31,096 constraints in 47 ms; minroot's take ten times as long for each), so
 * that the broker, which executes all and has no processor of its own here, takes little of theirs.
 */
const CHEAP_STEPS = { program: "sha256", stepsPerLeaf: 1 } as const;

export const scalingBenchmark: Benchmark = {
  names: ["scaling"],
  about: "a job on one and on two prover processes, each on a processor of its own",
  run: (options) => measureScaling(options),
};

async function* measureScaling(options: BenchmarkOptions): AsyncGenerator<Measurement> {
  const leaves = options.quick ? 16 : 64;
  const spec: JobSpec = { ...CHEAP_STEPS, leaves, threads: 1, shards: 1 };
  const request = { spec, compress: false, pinned: "apart" } as const;
  await using two = await startRig({ ...request, provers: 2 }, options);
  await using one = await startRig({ ...request, provers: 1 }, options);
  await using small = await startRig({ ...request, provers: 1, pinned: "together" }, options);
  const rigs = [two, one, small];
  const bodies = rigs.map((rig) => () => rig.run());
  const [both, ...others] = await takeTurns(bodies, rigs, options);
  const { ms } = both!;
  const ours = { name: "scaling", size: `${leaves} leaves`, s: 16, threads: 2, ms };
  const peers = ["one prover process", "all on one processor"];
  for (const [i, alone] of others.entries()) {
    const detail = `speed-up ${(alone.ms / ms).toFixed(2)}, ${more(both!.cpuMs, alone.cpuMs)} processor time`;
    yield { ...against(ours, peers[i]!, alone.ms), detail };
  }
}

/** "+4.0 %" */
function more(ours: number, theirs: number): string {
  const share = (ours / theirs - 1) * 100;
  return `${share < 0 ? "" : "+"}${share.toFixed(1)} %`;
}

/** Least times of each, in turns, so that a busy machine disturbs all alike. */
async function takeTurns(
  bodies: readonly (() => Promise<Spent>)[],
  rigs: readonly Rig[],
  { quick, note }: BenchmarkOptions,
): Promise<readonly Spent[]> {
  for (const rig of rigs) await rig.run(WARM_LEAVES);
  const least = bodies.map(() => ({ ms: Infinity, cpuMs: Infinity }));
  for (let turn = 1; turn <= (quick ? 1 : TURNS); turn++) {
    for (const [i, body] of bodies.entries()) {
      const { ms, cpuMs } = await body();
      note(`turn ${turn}: ${Math.round(ms)} ms, ${Math.round(cpuMs)} ms of processor time`);
      least[i] = { ms: Math.min(least[i]!.ms, ms), cpuMs: Math.min(least[i]!.cpuMs, cpuMs) };
    }
  }
  return least;
}
