import { availableParallelism } from "node:os";
import type { Benchmark } from "./benchmark.ts";
import { JOB_SIZES, measureJob } from "./measure-job.ts";

const LEAVES = 16;

/** A whole job, from witnesses to the proof, with the peak memory of its process. */
export const jobBenchmark: Benchmark = {
  names: ["job"],
  about: "a whole job of 16 leaves on all cores, with its peak memory",
  run: async function* (options) {
    const threads = availableParallelism();
    for (const s of options.quick ? ([15] as const) : ([15, 17] as const)) {
      options.note(`job: ${LEAVES} leaves at s = ${s}`);
      const spec = { ...JOB_SIZES[s], leaves: LEAVES, threads, shards: threads };
      const { logRows, ms, peakBytes } = await measureJob(spec, options);
      yield { name: "job", size: `${LEAVES} leaves`, s: logRows, threads, ms, peakBytes };
    }
  },
};
