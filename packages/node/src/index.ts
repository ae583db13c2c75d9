export type { BrokerConfig, NodeConfig, WorkerConfig } from "./config.ts";
export { NodeError, type NodeErrorCode } from "./errors.ts";
export { type EvidenceFile, listEvidence } from "./evidence/archive.ts";
export { encodeDossier } from "./evidence/dossier.ts";
export { type EvidenceVerdict, verifyEvidence } from "./evidence/verify.ts";
export type { NodeEvent, NodeObserver } from "./events.ts";
export { loadIdentity } from "./identity.ts";
export {
  type FoldmeshNode,
  type JobStatus,
  type LeaseStatus,
  type NodeStatus,
  startNode,
} from "./node.ts";
