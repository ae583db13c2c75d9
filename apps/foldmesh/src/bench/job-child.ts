// Proves one job and prints what it took: `node job-child.ts '{"spec": …, "cacheDir": …}'`. See measure-job.ts.

import { programDir } from "@foldmesh/programs";
import { type ProverEvent, proveJob } from "@foldmesh/prover";
import { loadProgram } from "@foldmesh/r1cs/node";
import { jobInput } from "./job-input.ts";
import type { JobSpec, MeasuredJob, MeasuredMerge } from "./measure-job.ts";

const { spec, cacheDir } = JSON.parse(process.argv[2] ?? "") as {
  readonly spec: JobSpec;
  readonly cacheDir: string;
};
process.stdout.write(JSON.stringify(await measure()));

async function measure(): Promise<MeasuredJob> {
  const program = await loadProgram(programDir(spec.program));
  const leafMs: number[] = [];
  const merges: MeasuredMerge[] = [];
  let start = performance.now();
  let used = process.cpuUsage();
  const onEvent = (event: ProverEvent): void => {
    if (event.type === "setup" || event.type === "plan") {
      start = performance.now();
      used = process.cpuUsage();
    }
    if (event.type === "leaf") leafMs.push(event.ms);
    if (event.type === "merge") merges.push(measuredMerge(event));
  };
  const { stepsPerLeaf, shards, threads } = spec;
  const gpu = spec.gpu ?? ("off" as const);
  const input = jobInput(spec);
  const request = { program, input, stepsPerLeaf, shards, threads, gpu, cacheDir, onEvent };
  const { plan } = await proveJob(request);
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(used);
  const cpuMs = (user + system) / 1000;
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  return { logRows: plan.logRows, ms, cpuMs, leafMs, merges, peakBytes };
}

function measuredMerge(event: Extract<ProverEvent, { type: "merge" }>): MeasuredMerge {
  const { range, ms, stages } = event;
  return { leaves: range.end - range.start, ms, stages };
}
