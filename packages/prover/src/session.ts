// A program made ready on this machine: worker threads that hold its system and its commitment key.
// Nodes go in and out as canonical bytes.

import type { Program } from "@foldmesh/r1cs";
import type { KeyChoice, Plan, ProverEvent } from "./api.ts";
import { type GpuChoice, gpuInit } from "./gpu.ts";
import { type PrepareRequest, prepare } from "./setup.ts";
import type {
  CheckTask,
  CompressResult,
  CompressTask,
  LeafTask,
  MergeResult,
  MergeTask,
  NodeResult,
  VerifyResult,
  VerifyTask,
} from "./worker-tasks.ts";
import { Workers } from "./workers.ts";

export interface SessionRequest {
  readonly program: Program;
  /** Of the whole job. */
  readonly steps: number;
  readonly stepsPerLeaf?: number | undefined;
  readonly shards?: number | undefined;
  /** 0 for proofs that may be reused between jobs, or a job's id (mod p). */
  readonly context: bigint;
  /** Default: transparent. */
  readonly key?: KeyChoice | undefined;
  /** Tasks at the same time. */
  readonly threads: number;
  /** Default: off. Proofs are the same with and without. */
  readonly gpu?: GpuChoice | undefined;
  readonly cacheDir: string;
  readonly check?: PrepareRequest["check"];
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: ProverEvent) => void) | undefined;
}

export interface TaskOptions {
  /** Aborting settles the call at once; its thread is free again at the end of a stage. */
  readonly signal?: AbortSignal | undefined;
}

export interface Session extends AsyncDisposable {
  readonly plan: Plan;
  /** Length of every encoded node: another length is no node of this program. */
  readonly nodeBytes: number;
  /** @throws ProverError PROVING when it is no witness, ABORTED */
  leaf(task: LeafTask, options?: TaskOptions): Promise<NodeResult>;
  /** @throws ProverError PROVING when the nodes are damaged or do not fit each other, ABORTED */
  merge(task: MergeTask, options?: TaskOptions): Promise<MergeResult>;
  /** Verification of a node against what is expected, in full unless the task says otherwise. @throws ProverError ABORTED */
  verify(task: VerifyTask, options?: TaskOptions): Promise<VerifyResult>;
  /** A short proof of a node's statement, which hides its witness. @throws ProverError PROVING, ABORTED */
  compress(task: CompressTask, options?: TaskOptions): Promise<CompressResult>;
  /** Verifies a short proof. @throws ProverError ABORTED */
  check(task: CheckTask, options?: TaskOptions): Promise<VerifyResult>;
}

/** @throws ProverError PLAN, KEY, CACHE, ABORTED */
export async function openSession(request: SessionRequest): Promise<Session> {
  const { plan, nodeBytes, engine, resident } = await prepare(request);
  const gpu = gpuInit(request.gpu ?? "off", request.cacheDir);
  const workers = new Workers("worker.ts", { engine, resident, gpu }, request.threads);
  return {
    plan,
    nodeBytes,
    leaf: (task, { signal } = {}) => workers.run("leaf", task, { signal }),
    merge: (task, { signal } = {}) => workers.run("merge", task, { signal }),
    verify: (task, { signal } = {}) => workers.run("verify", task, { signal }),
    compress: (task, { signal } = {}) => workers.run("compress", task, { signal }),
    check: (task, { signal } = {}) => workers.run("check", task, { signal }),
    [Symbol.asyncDispose]: () => workers[Symbol.asyncDispose](),
  };
}
