import type { Codec } from "../schema.ts";
import { integer, list, struct, word } from "../schema.ts";
import type { CIDText, Money, PeerId, Range, Time } from "../scalars.ts";
import { cid, count, epoch, index, money, peer, range, taskId, time } from "../scalars.ts";
import type { TaskKind } from "./auction.ts";
import { taskKind } from "./auction.ts";

/** A node state for `done`, and who holds it. Content-addressed, but unverified until the one who continues has checked it. */
export interface ResumePoint {
  readonly done: Range;
  readonly node: CIDText;
  readonly bytes: number;
  readonly holders: readonly PeerId[];
}

/** A broker gives a task to a peer. Of two leases of one task the higher epoch counts. */
export interface Lease {
  readonly job: CIDText;
  readonly task: string;
  readonly kind: TaskKind;
  readonly epoch: number;
  readonly peer: PeerId;
  /** the whole task's range; with `resume` the work begins at `resume.done.end` */
  readonly range: Range;
  /** leaves of another size are other nodes: what a lease asks for can be judged by the lease alone */
  readonly stepsPerLeaf: number;
  readonly price: Money;
  readonly deadline: Time;
  readonly program: CIDText;
  /** the input blob of a shard, the two nodes of a merge, the root of a compression */
  readonly inputs: readonly CIDText[];
  readonly resume?: ResumePoint;
  /** where checkpoints are to be pushed */
  readonly backup?: PeerId;
}

/** A broker moves a lease's deadline; only later deadlines count. */
export interface LeaseRenewal {
  readonly job: CIDText;
  readonly task: string;
  readonly epoch: number;
  readonly peer: PeerId;
  readonly deadline: Time;
}

export type RevocationReason = "superseded" | "expired" | "cancelled" | "settled";

/** A broker takes a lease back: what is still delivered under it is used only if it comes first. */
export interface Revocation {
  readonly job: CIDText;
  readonly task: string;
  readonly epoch: number;
  readonly peer: PeerId;
  readonly reason: RevocationReason;
}

export type RefusalReason =
  | "overloaded"
  | "unknown-program"
  /** could not be fetched */
  | "missing-input"
  /** the checkpoint to begin with is not what the lease says */
  | "bad-checkpoint"
  | "stale-epoch"
  | "shutting-down";

/** A prover does not take a lease, or gives it back. */
export interface Refusal {
  readonly job: CIDText;
  readonly task: string;
  readonly epoch: number;
  readonly reason: RefusalReason;
}

/** A prover has proven up to `done` (exclusive, absolute step). */
export interface Progress {
  readonly job: CIDText;
  readonly task: string;
  readonly epoch: number;
  readonly done: number;
}

/** A broker says that it still leads the job; past `expires` the first standby takes over with the next term. */
export interface BrokerLease {
  readonly job: CIDText;
  readonly term: number;
  readonly expires: Time;
  /** length of the job's event log, and the blob that holds it */
  readonly entries: number;
  readonly log?: CIDText;
}

export const resumePoint: Codec<ResumePoint> = struct<ResumePoint>({
  done: range,
  node: cid,
  bytes: count,
  holders: list(peer, 1, 8),
});

export const lease: Codec<Lease> = struct<Lease>(
  {
    job: cid,
    task: taskId,
    kind: taskKind,
    epoch,
    peer,
    range,
    stepsPerLeaf: integer(1, 2 ** 32 - 1),
    price: money,
    deadline: time,
    program: cid,
    inputs: list(cid, 0, 4),
    resume: resumePoint,
    backup: peer,
  },
  ["resume", "backup"],
);

export const leaseRenewal: Codec<LeaseRenewal> = struct<LeaseRenewal>({
  job: cid,
  task: taskId,
  epoch,
  peer,
  deadline: time,
});

export const revocation: Codec<Revocation> = struct<Revocation>({
  job: cid,
  task: taskId,
  epoch,
  peer,
  reason: word("superseded", "expired", "cancelled", "settled"),
});

export const refusalReason: Codec<RefusalReason> = word(
  "overloaded",
  "unknown-program",
  "missing-input",
  "bad-checkpoint",
  "stale-epoch",
  "shutting-down",
);

export const refusal: Codec<Refusal> = struct<Refusal>({
  job: cid,
  task: taskId,
  epoch,
  reason: refusalReason,
});

export const progress: Codec<Progress> = struct<Progress>({
  job: cid,
  task: taskId,
  epoch,
  done: index,
});

export const brokerLease: Codec<BrokerLease> = struct<BrokerLease>(
  { job: cid, term: epoch, expires: time, entries: count, log: cid },
  ["log"],
);
