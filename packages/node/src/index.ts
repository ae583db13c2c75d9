export type { BrokerConfig, NodeConfig, WorkerConfig } from "./config.ts";
export { NodeError, type NodeErrorCode } from "./errors.ts";
export type { NodeEvent, NodeObserver } from "./events.ts";
export type { JobJournal, JobOpening } from "./journal.ts";
export { loadIdentity } from "./identity.ts";
export {
  type FoldmeshNode,
  type JobStatus,
  type LeaseStatus,
  type NodeStatus,
  startNode,
} from "./node.ts";
