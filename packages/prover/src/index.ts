export type {
  KeyChoice,
  MergeStages,
  Plan,
  ProofForm,
  ProofStatement,
  ProveRequest,
  ProveResult,
  ProverEvent,
  Range,
  Verdict,
  VerifyRequest,
} from "./api.ts";
export { ProverError, type ProverErrorCode } from "./errors.ts";
export { type ProofFile, decodeProof, encodeProof } from "./proof-file.ts";
export { type PlanRequest, makePlan } from "./plan.ts";
export { type DescribeRequest, type LeafShape, describeLeaf } from "./describe.ts";
export { type Session, type SessionRequest, type TaskOptions, openSession } from "./session.ts";
export type {
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
export { type Executor, execute } from "./execute.ts";
export { type Lineage, provenanceFrom } from "./lineage.ts";
export { type ShardRequest, proveShard } from "./shard.ts";
export { type GpuReport, reportGpu } from "./gpu-report.ts";
export type { GpuChoice } from "./gpu.ts";
export { proveJob } from "./prove.ts";
export { verifyProof } from "./verify.ts";
export { type Powers, loadSRS, namePowers } from "./srs.ts";
