// What a node writes down, as canonical DAG-CBOR.

import { type JobResult, jobResult } from "@foldmesh/client";
import type { LedgerEvent, Tally } from "@foldmesh/market";
import {
  type CIDText,
  type Codec,
  KINDS,
  type Time,
  bytes,
  cid,
  count,
  epoch,
  index,
  list,
  money,
  peer,
  range,
  struct,
  taskId,
  text,
  time,
  union,
  word,
} from "@foldmesh/protocol";
import type { JobSize } from "../broker/accept.ts";

/** A job at a broker, from the moment its order is given. */
export interface JobRecord {
  /** the requester's signed ProofRequest */
  readonly request: Uint8Array;
  /** the signed Order */
  readonly order: Uint8Array;
  readonly size: JobSize;
  /** once it has been executed and cut */
  readonly plan?: JobPlan;
  readonly result: JobResult;
  /** when it was over */
  readonly ended?: Time;
}

export interface JobPlan {
  /** `encodeInit` of jobs */
  readonly init: Uint8Array;
  readonly begun: Time;
}

/** Of a job's leaders: the highest that was led or heard of, and the one whose log is here. */
export interface KeptTerm {
  readonly term: number;
  readonly logTerm: number;
}

export const keptTerm: Codec<KeptTerm> = struct<KeptTerm>({ term: epoch, logTerm: epoch });

const MAX_PLAN_BYTES = 2 ** 22;

const size: Codec<JobSize> = struct<JobSize>({
  stepsPerLeaf: index,
  leaves: index,
  leaf: count,
  merge: count,
  compress: count,
  total: count,
});

export const jobRecord: Codec<JobRecord> = struct<JobRecord>(
  {
    request: bytes(1, KINDS.ProofRequest.limit),
    order: bytes(1, KINDS.Order.limit),
    size,
    plan: struct<JobPlan>({ init: bytes(1, MAX_PLAN_BYTES), begun: time }),
    result: jobResult,
    ended: time,
  },
  ["plan", "ended"],
);

/** A lease that this node works under, or has delivered for. */
export interface HeldLease {
  /** the signed Lease */
  readonly lease: Uint8Array;
  /** of the work */
  readonly constraints: number;
  /** what was made */
  readonly delivered?: { readonly node: CIDText; readonly bytes: number; readonly at: Time };
}

export const heldLease: Codec<HeldLease> = struct<HeldLease>(
  {
    lease: bytes(1, KINDS.Lease.limit),
    constraints: count,
    delivered: struct<NonNullable<HeldLease["delivered"]>>({ node: cid, bytes: count, at: time }),
  },
  ["delivered"],
);

export const ledgerEvent: Codec<LedgerEvent> = union<LedgerEvent>({
  deposit: struct({ kind: word("deposit"), peer, amount: money }),
  withdraw: struct({ kind: word("withdraw"), peer, amount: money }),
  escrow: struct({ kind: word("escrow"), job: cid, from: peer, amount: money }),
  pay: struct<Extract<LedgerEvent, { kind: "pay" }>>({
    kind: word("pay"),
    job: cid,
    payment: struct({ task: taskId, range, epoch, to: peer, amount: money }),
  }),
  settle: struct({ kind: word("settle"), job: cid }),
});

export const tally: Codec<Tally> = struct<Tally>({
  step: count,
  total: money,
  success: money,
  quality: money,
  efficiency: money,
});

/** Where a peer was last to be reached: multiaddrs. */
export const addresses: Codec<readonly string[]> = list(text(256), 0, 16);
