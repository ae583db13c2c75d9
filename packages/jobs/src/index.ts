export { firstWrong, type MadeNode } from "./bisect.ts";
export { settlement } from "./advance.ts";
export { amountOf } from "./contributions.ts";
export type {
  BlameReason,
  Ignored,
  JobEffect,
  JobEvent,
  JobFailure,
  JobLot,
  Resume,
} from "./events.ts";
export {
  checkpointInterval,
  holdNothing,
  type HolderEffect,
  type HolderEvent,
  type HolderState,
  type HolderStep,
  stepHolder,
} from "./holder.ts";
export { decodeInit, encodeInit } from "./init-codec.ts";
export { createJob, jobWake, type LogEntry, replay, step } from "./job.ts";
export type { JobInit, JobPhase, JobState, JobStep } from "./job-state.ts";
export { decodeEntry, encodeEntry } from "./log.ts";
export { planShards, type PlanInit, type Speed } from "./plan.ts";
export {
  type KeptStanding,
  standBy,
  type StandbyEffect,
  type StandbyEvent,
  type StandbyInit,
  type StandbyState,
  type StandbyStep,
  standbyWake,
  stepStandby,
} from "./standby.ts";
export {
  type Candidate,
  type Checkpoint,
  type Contribution,
  JOB_DEFAULTS,
  type JobConfig,
  type Leased,
  type LeaseRecord,
  type Task,
  type TaskState,
  type Verified,
} from "./task-state.ts";
export { buildTree, type TaskSpec } from "./tree.ts";
