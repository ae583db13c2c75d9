import type { CIDText, Money, PeerId, Range, Time } from "@foldmesh/protocol";
import type { JobFailure, Resume } from "./events.ts";
import type { TaskSpec } from "./tree.ts";

/**
 * Where a task stands.
 *
 *     Open      → Auctioned   its inputs are delivered, or will be soon: announced as a lot
 *     Auctioned → Leased      awarded
 *     Auctioned → Reserved    awarded ahead of its inputs
 *     Auctioned → Open        the broker changed; epoch + 1
 *     Reserved  → Leased      its inputs are there
 *     Reserved  → Open        something below it is not under way any more, or its inputs did not come in time, its winner left, or the
 *                             broker changed; epoch + 1. Nobody is to blame
 *     Auctioned → Failed      no bidder until the end
 *     Leased    → Open        expired, stalled, disconnected beyond grace, refused, disputed; epoch + 1
 *     Leased    → Delivered   the holder delivers
 *     Open, Auctioned, Leased → Delivered   a holder of an older epoch delivers after all; what runs goes on `under` it
 *     Delivered → Verified    the node is valid
 *     Delivered → Delivered   invalid, and another delivery waits
 *     Delivered → Open, Auctioned, Leased   invalid: back to what runs under it
 *     Leased, Delivered → Open   what it was made of turned out bad; epoch + 1. Nobody is to blame for it
 *     Verified  → Open        bisection from above found this node bad after all; epoch + 1
 *     Open      → Failed      too many attempts
 */
export type TaskState =
  | Running
  | Delivered
  | Verified
  | { readonly kind: "Failed"; readonly reason: JobFailure };

/** What a task does to get a node. */
export type Running =
  | { readonly kind: "Open" }
  | { readonly kind: "Auctioned" }
  | Reserved
  | Leased;

/**
 * Sold before it can begin, so that the lease goes out the moment that its inputs are there. It takes a slot of the winner's that does
 * nothing yet; therefore everything below it holds a slot already, and it gives way when that is no longer so: no reservation ever keeps
 * a slot from the work that it waits for.
 */
export interface Reserved {
  readonly kind: "Reserved";
  readonly peer: PeerId;
  readonly epoch: number;
  readonly price: Money;
  /** what the winner promised, ms */
  readonly duration: number;
  readonly granted: Time;
  /** past it, it lapses */
  readonly until: Time;
}

export interface Leased {
  readonly kind: "Leased";
  readonly peer: PeerId;
  readonly epoch: number;
  /** moves with progress; past it the lease is lost */
  readonly deadline: Time;
  /** what `deadline` never moves beyond: a multiple of the time promised */
  readonly endBy: Time;
  /** proven up to here (exclusive), by what the holder says */
  readonly done: number;
  /** when it will be through: as promised, then as its progress tells */
  readonly expected: Time;
  /** disconnected: lost unless it returns by then */
  readonly graceUntil?: Time;
}

export interface Delivered {
  readonly kind: "Delivered";
  readonly candidate: Candidate;
  /** asked again past this */
  readonly verifyBy: Time;
  /** how often it was asked for; 0 while what the node is made of is not verified itself */
  readonly attempt: number;
  /** deliveries of other epochs, to be tried if this one is invalid */
  readonly queue: readonly Candidate[];
  readonly under: Running;
}

export interface Verified {
  readonly kind: "Verified";
  readonly epoch: number;
  readonly peer: PeerId;
  readonly node: CIDText;
  readonly bytes: number;
  readonly contributions: readonly Contribution[];
}

export interface Candidate {
  readonly epoch: number;
  readonly peer: PeerId;
  readonly node: CIDText;
  readonly bytes: number;
  readonly at: Time;
  /** the broker has it */
  readonly fetched?: true;
}

/** A lease that was once given: it makes a late delivery recognisable and payable. */
export interface LeaseRecord {
  readonly epoch: number;
  readonly peer: PeerId;
  readonly price: Money;
  readonly promisedMs: number;
  readonly granted: Time;
  /** what it was to prove; begins after the checkpoint it continues from */
  readonly work: Range;
  readonly resume?: Checkpoint;
}

export interface Checkpoint extends Resume {
  readonly epoch: number;
  /** who proved which part of `done` */
  readonly contributions: readonly Contribution[];
}

/** A part of a task's range, who proved it, and its lease's terms; paid pro rata. */
export interface Contribution {
  readonly peer: PeerId;
  readonly epoch: number;
  readonly range: Range;
  /** what the price of the whole lease was for */
  readonly work: Range;
  readonly price: Money;
  readonly promisedMs: number;
  readonly takenMs: number;
}

export interface Task extends TaskSpec {
  readonly constraints: number;
  /** the most that all contributions together are paid */
  readonly budget: Money;
  /** of the running or next lease; only rises */
  readonly epoch: number;
  readonly attempts: number;
  readonly state: TaskState;
  readonly leases: readonly LeaseRecord[];
  /** usable checkpoints, each further than the one before */
  readonly checkpoints: readonly Checkpoint[];
}

/** Times and bounds; ms. */
export interface JobConfig {
  /** without progress for this long, or three steps' promised time, a lease is lost */
  readonly leaseMs: number;
  readonly graceMs: number;
  readonly verifyMs: number;
  /** how many times the promised duration a prover may take, in ppm */
  readonly slack: number;
  /** the first reserve as a share of the most that can be paid, in ppm */
  readonly firstReserve: number;
  /** the longest a bidder may promise to take, as a share of the time left, in ppm */
  readonly maxDuration: number;
  /** and no longer than this and `slowestNs` for each constraint: who promises half of the deadline and sits on it would cost the job */
  readonly longestMs: number;
  readonly slowestNs: number;
  readonly maxAttempts: number;
  /** how long before its inputs are expected a task is sold; 0: not before they are there */
  readonly aheadMs: number;
  /** what a reservation waits; a bidder keeps a slot a little longer */
  readonly reserveMs: number;
}

export const JOB_DEFAULTS: JobConfig = {
  leaseMs: 15_000,
  graceMs: 5_000,
  verifyMs: 30_000,
  slack: 3_000_000,
  firstReserve: 400_000,
  maxDuration: 500_000,
  longestMs: 45_000,
  slowestNs: 100_000,
  maxAttempts: 32,
  aheadMs: 8_000,
  reserveMs: 12_000,
};
