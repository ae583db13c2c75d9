import type { CIDText, Money, PeerId, Range, Time } from "@foldmesh/protocol";
import type { JobEffect, JobFailure } from "./events.ts";
import type { JobConfig, Task } from "./task-state.ts";

/** What a broker has accepted and planned. */
export interface JobInit {
  readonly job: CIDText;
  readonly broker: PeerId;
  /** contiguous from 0; see `planShards` */
  readonly shards: readonly Range[];
  readonly compress: boolean;
  /** of one step's leaf, one merge, and the compression */
  readonly constraints: {
    readonly leaf: number;
    readonly merge: number;
    readonly compress: number;
  };
  readonly maxPrice: Money;
  readonly deadline: Time;
  readonly config: JobConfig;
  /** the computation is being executed meanwhile, which `executed` tells of; default: it has been executed */
  readonly executing?: boolean;
}

/** How far the computation has been executed: a shard can begin once the state before it is known. */
export interface Execution {
  readonly begun: Time;
  /** leaves */
  readonly done: number;
  readonly at: Time;
}

/**
 * A job is
 *
 *     Running → Done     the root is verified
 *     Running → Failed   deadline, cancelled, no bidders, too many attempts
 */
export type JobPhase =
  | { readonly kind: "Running" }
  | { readonly kind: "Done"; readonly root: CIDText; readonly bytes: number }
  | { readonly kind: "Failed"; readonly reason: JobFailure; readonly task?: string };

/** Plain data throughout: it can be compared, cloned and sent. */
export interface JobState {
  readonly init: JobInit;
  readonly phase: JobPhase;
  /** the broker's, rising with every restart and takeover */
  readonly term: number;
  readonly execution: Execution;
  readonly tasks: readonly Task[];
  /** caught cheating in this job: no lease goes to them any more */
  readonly banned: readonly PeerId[];
  /** who pays for it, now that it is over: the first broker that its log names */
  readonly payer?: PeerId;
}

export interface JobStep {
  readonly state: JobState;
  readonly effects: readonly JobEffect[];
}
