// A network of processes on this machine, and a dApp in this one, for measuring jobs.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { type Bundle, type Client, connect } from "@foldmesh/client";
import { readBundle } from "@foldmesh/client/node";
import { programDir } from "@foldmesh/programs";
import { type DemoNetwork, type MemberSpec, startNetwork } from "../../demo/processes.ts";
import type { BenchmarkOptions } from "../benchmark.ts";
import { jobInput } from "../job-input.ts";
import type { JobSpec } from "../measure-job.ts";

export interface RigRequest {
  readonly spec: JobSpec;
  /** whether the root is compressed */
  readonly compress: boolean;
  /** prover processes of one thread each, which merge and compress too */
  readonly provers: number;
  /** whether each prover gets a processor of its own; `together`: all of them, and the broker, get the first one. Default: none */
  readonly pinned?: "apart" | "together";
}

export interface Rig extends AsyncDisposable {
  /** Orders a job and waits for the proof. @param leaves default: as the job has */
  run(leaves?: number): Promise<Spent>;
}

export interface Spent {
  readonly ms: number;
  /** processor time of all processes */
  readonly cpuMs: number;
}

const MAX_PRICE = 10n ** 15n;
const TIME_MS = 600_000;

/** Broker and provers are processes of their own. @throws CLIError, ClientError */
export async function startRig(request: RigRequest, options: BenchmarkOptions): Promise<Rig> {
  const { cacheDir, signal } = options;
  const network = await startNetwork({
    broker: brokerOf(request),
    members: Array.from({ length: request.provers }, (_, i) => proverOf(i, request)),
    cacheDir,
    signal,
    onStarted: () => {},
  });
  try {
    const client = await connect({ dial: network.broker.addresses[0]!, signal });
    const program = await readBundle(programDir(request.spec.program));
    return rigOf(network, client, program, request.spec);
  } catch (error) {
    await network.stop();
    throw error;
  }
}

const brokerOf = ({ spec: { stepsPerLeaf }, compress, pinned }: RigRequest): MemberSpec => ({
  name: "broker",
  args: ["--role", "broker", "--threads", "1"],
  config: { broker: { stepsPerLeaf, compress } },
  ...(pinned === "together" && { onSpawn: (pid) => pin(pid, 0) }),
});

const proverOf = (i: number, { pinned }: RigRequest): MemberSpec => ({
  name: `prover-${i}`,
  args: ["--role", "prover,aggregator", "--threads", "1"],
  ...(pinned && { onSpawn: (pid) => pin(pid, pinned === "apart" ? i : 0) }),
});

/** Binds a process, and all threads that it will have, to one processor. */
function pin(pid: number, processor: number): void {
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", String(processor), String(pid)]);
}

function rigOf(network: DemoNetwork, client: Client, program: Bundle, spec: JobSpec): Rig {
  const processes = [network.broker, ...network.members];
  const cpuMs = (): number => processes.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0);
  const run = async (leaves: number): Promise<Spent> => {
    const start = performance.now();
    const before = cpuMs();
    const input = jobInput({ ...spec, leaves });
    const deadline = Date.now() + TIME_MS;
    const { job } = await client.submit({ program, input, maxPrice: MAX_PRICE, deadline });
    await client.result(job);
    return { ms: performance.now() - start, cpuMs: cpuMs() - before };
  };
  return {
    run: (leaves = spec.leaves) => Promise.race([run(leaves), network.broken]),
    async [Symbol.asyncDispose]() {
      await client.close();
      await network.stop();
    },
  };
}

const TICK_MS = 10;

/** What a process has used so far: proc_pid_stat(5), fields 14 and 15, counted after the name, which may hold anything. */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
