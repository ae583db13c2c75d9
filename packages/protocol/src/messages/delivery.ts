import type { Codec } from "../schema.ts";
import { bytes, integer, list, struct, union, word } from "../schema.ts";
import type { CIDText, Money, PeerId, PPM, Range, Time } from "../scalars.ts";
import { cid, count, epoch, money, peer, ppm, range, taskId, time } from "../scalars.ts";

/** A prover has stored the node state for `done` and pushed it to `backup`. */
export interface Checkpoint {
  readonly job: CIDText;
  readonly task: string;
  readonly epoch: number;
  readonly done: Range;
  readonly node: CIDText;
  readonly bytes: number;
  /** as of a Delivery */
  readonly batch?: number;
  readonly backup?: PeerId;
}

/** Gives an unfinished task to the next prover. The node state carries its witness: handing it over discloses it. */
export interface HandOff {
  readonly job: CIDText;
  readonly task: string;
  /** the new lease's epoch */
  readonly epoch: number;
  readonly done: Range;
  readonly node: CIDText;
  readonly bytes: number;
  readonly from: PeerId;
  readonly to: PeerId;
  readonly holders: readonly PeerId[];
}

/** A finished node, to be verified before anything is merged or paid. */
export interface Delivery {
  readonly job: CIDText;
  readonly task: string;
  readonly epoch: number;
  readonly range: Range;
  readonly node: CIDText;
  readonly bytes: number;
  /** of a shard: leaves that were merged at a time, which its provenance depends on; default 1 */
  readonly batch?: number;
  /** the id of the signed lease: without it a broker could sign another lease for the same place and accuse who delivered */
  readonly lease?: CIDText;
}

export type RejectionReason =
  | "invalid-node"
  | "wrong-range"
  | "wrong-prover"
  | "missing-blob"
  | "expired"
  | "unpaid-late";

export type Verdict =
  /** `quality` and `efficiency` (promised time over time taken) as reputation counts them */
  | { readonly kind: "accepted"; readonly quality: PPM; readonly efficiency: PPM }
  | { readonly kind: "rejected"; readonly reason: RejectionReason };

/** The signed record of how a lease ended. */
export interface Receipt {
  readonly job: CIDText;
  readonly task: string;
  readonly epoch: number;
  readonly peer: PeerId;
  /** the part of the task that this peer proved */
  readonly range: Range;
  readonly node?: CIDText;
  readonly price: Money;
  /** when it was settled: old experience counts less */
  readonly at: Time;
  readonly verdict: Verdict;
}

export type Charge = "equivocation" | "wrong-award" | "invalid-node";

/** The signed messages, as they travelled, that prove a charge against the one who signed them. */
export interface Evidence {
  readonly accused: PeerId;
  readonly charge: Charge;
  readonly messages: readonly Uint8Array[];
}

const batch: Codec<number> = integer(1, 1024);

export const checkpoint: Codec<Checkpoint> = struct<Checkpoint>(
  { job: cid, task: taskId, epoch, done: range, node: cid, bytes: count, batch, backup: peer },
  ["batch", "backup"],
);

export const handOff: Codec<HandOff> = struct<HandOff>({
  job: cid,
  task: taskId,
  epoch,
  done: range,
  node: cid,
  bytes: count,
  from: peer,
  to: peer,
  holders: list(peer, 1, 8),
});

export const delivery: Codec<Delivery> = struct<Delivery>(
  { job: cid, task: taskId, epoch, range, node: cid, bytes: count, batch, lease: cid },
  ["batch", "lease"],
);

const verdict: Codec<Verdict> = union<Verdict>({
  accepted: struct({ kind: word("accepted"), quality: ppm, efficiency: ppm }),
  rejected: struct({
    kind: word("rejected"),
    reason: word(
      "invalid-node",
      "wrong-range",
      "wrong-prover",
      "missing-blob",
      "expired",
      "unpaid-late",
    ),
  }),
});

export const receipt: Codec<Receipt> = struct<Receipt>(
  { job: cid, task: taskId, epoch, peer, range, node: cid, price: money, at: time, verdict },
  ["node"],
);

export const evidence: Codec<Evidence> = struct<Evidence>({
  accused: peer,
  charge: word("equivocation", "wrong-award", "invalid-node"),
  messages: list(bytes(1, 262_144), 1, 1026),
});
