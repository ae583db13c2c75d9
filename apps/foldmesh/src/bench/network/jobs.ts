// Whole jobs on a network of processes: what the network costs, and what a second prover brings.
import { type Benchmark, type BenchmarkOptions, type Measurement, against } from "../benchmark.ts";
import { JOB_SIZES, type JobSpec, measureJob } from "../measure-job.ts";
import { type Rig, startRig } from "./rig.ts";

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
  await using rig = await startRig(
    { spec, compress: true, provers: THREADS, pinned: false },
    options,
  );
  const alone = async (): Promise<number> => (await measureJob(spec, options)).ms;
  const [ms, peerMs] = await takeTurns([() => rig.run(), alone], [rig], options);
  const ours = { name: "overhead", size: `${leaves} leaves`, s: 17, threads: THREADS, ms: ms! };
  const detail = `overhead ${((ms! / peerMs! - 1) * 100).toFixed(1)} %`;
  yield { ...against(ours, "one process", peerMs!), detail };
}

/** The program's steps are cheap to execute, so that the broker, which has no processor of its own here, takes little of theirs. */
export const scalingBenchmark: Benchmark = {
  names: ["scaling"],
  about: "a job on one and on two prover processes, each on a processor of its own",
  run: (options) => measureScaling(options),
};

async function* measureScaling(options: BenchmarkOptions): AsyncGenerator<Measurement> {
  const leaves = options.quick ? 16 : 64;
  const spec: JobSpec = { ...JOB_SIZES[15], leaves, threads: 1, shards: 1 };
  const request = { spec, compress: false, pinned: true };
  await using two = await startRig({ ...request, provers: 2 }, options);
  await using one = await startRig({ ...request, provers: 1 }, options);
  const bodies = [() => two.run(), () => one.run()];
  const [ms, peerMs] = await takeTurns(bodies, [two, one], options);
  const ours = { name: "scaling", size: `${leaves} leaves`, s: 15, threads: 2, ms: ms! };
  const detail = `speed-up ${(peerMs! / ms!).toFixed(2)}`;
  yield { ...against(ours, "one prover process", peerMs!), detail };
}

/** Least ms of each, in turns, so that a busy machine disturbs all alike. */
async function takeTurns(
  bodies: readonly (() => Promise<number>)[],
  rigs: readonly Rig[],
  { quick, note }: BenchmarkOptions,
): Promise<readonly number[]> {
  for (const rig of rigs) await rig.run(WARM_LEAVES);
  const least = bodies.map(() => Infinity);
  for (let turn = 1; turn <= (quick ? 1 : TURNS); turn++) {
    for (const [i, body] of bodies.entries()) {
      const ms = await body();
      note(`turn ${turn}: ${Math.round(ms)} ms`);
      least[i] = Math.min(least[i]!, ms);
    }
  }
  return least;
}
