import type { CIDText, PeerId } from "@foldmesh/protocol";
import type { LogSpec, RepositorySpec } from "./schema.ts";
import { log, repository } from "./schema.ts";
import type { KeyCodec } from "./state/keys.ts";
import { natural, recordKey, text, textKey } from "./state/keys.ts";
import type { ValueCodec } from "./state/values.ts";

export interface LeaseId {
  readonly job: CIDText;
  readonly task: string;
  readonly epoch: number;
}

export interface CheckpointId {
  readonly job: CIDText;
  readonly task: string;
  /** how far it goes (exclusive, absolute step): the last entry of a task is its furthest checkpoint */
  readonly end: number;
  /** the node state */
  readonly node: CIDText;
}

export interface ReceiptId extends LeaseId {
  readonly peer: PeerId;
}

interface Ids {
  /** what a job's log begins with */
  jobs: CIDText;
  /** which term of a job's leaders this node knows of: nobody leads one twice */
  terms: CIDText;
  /** held by this node */
  leases: LeaseId;
  /** given by this node, as they were signed: nobody signs two of one epoch */
  issued: LeaseId;
  checkpoints: CheckpointId;
  /** signed messages about what was delivered to this node */
  deliveries: ReceiptId;
  /** signed by this node */
  receipts: ReceiptId;
  /** for this node's work */
  earned: ReceiptId;
  /** auctions in which this node has sealed a bid: nobody seals two */
  bids: CIDText;
  reputation: PeerId;
  peers: PeerId;
  adverts: PeerId;
  /** by the id of the evidence */
  evidence: CIDText;
}

/** Values of the rooms; those who know them bring the codecs. */
export interface RoomCodecs {
  readonly jobs: AnyCodec;
  readonly terms: AnyCodec;
  readonly leases: AnyCodec;
  readonly issued: AnyCodec;
  readonly checkpoints: AnyCodec;
  readonly deliveries: AnyCodec;
  readonly receipts: AnyCodec;
  readonly earned: AnyCodec;
  readonly bids: AnyCodec;
  readonly reputation: AnyCodec;
  readonly peers: AnyCodec;
  readonly adverts: AnyCodec;
  readonly evidence: AnyCodec;
  /** one log for each job */
  readonly jobEvents: AnyCodec;
  /** one log for each job: what its requester is told */
  readonly updates: AnyCodec;
  /** one log for each job: states of its computation, as far as it has been executed */
  readonly states: AnyCodec;
  /** one log for each ledger, named by its keeper */
  readonly ledger: AnyCodec;
}

/** Any codec: its type comes back out in `StandardRooms`. */
type AnyCodec = ValueCodec<any>;
type ValueOf<C> = C extends ValueCodec<infer T> ? T : never;
type PartOf<Id> = Id extends string ? undefined : Partial<Id>;

export type StandardRooms<C extends RoomCodecs> = {
  readonly [K in keyof Ids]: RepositorySpec<Ids[K], ValueOf<C[K]>, PartOf<Ids[K]>>;
} & {
  readonly [K in "jobEvents" | "updates" | "states" | "ledger"]: LogSpec<ValueOf<C[K]>>;
};

/** The rooms of a Foldmesh node. */
export function standardRooms<C extends RoomCodecs>(codecs: C): StandardRooms<C> {
  return {
    jobs: repository(textKey, codecs.jobs),
    terms: repository(textKey, codecs.terms),
    jobEvents: log(codecs.jobEvents),
    updates: log(codecs.updates),
    leases: repository(leaseKey, codecs.leases),
    issued: repository(leaseKey, codecs.issued),
    checkpoints: repository(checkpointKey, codecs.checkpoints),
    deliveries: repository(receiptKey, codecs.deliveries),
    receipts: repository(receiptKey, codecs.receipts),
    earned: repository(receiptKey, codecs.earned),
    bids: repository(textKey, codecs.bids),
    reputation: repository(textKey, codecs.reputation),
    peers: repository(textKey, codecs.peers),
    adverts: repository(textKey, codecs.adverts),
    evidence: repository(textKey, codecs.evidence),
    states: log(codecs.states),
    ledger: log(codecs.ledger),
  } as StandardRooms<C>;
}

const leaseKey: KeyCodec<LeaseId, Partial<LeaseId>> = recordKey<LeaseId>({
  job: text,
  task: text,
  epoch: natural,
});

const checkpointKey: KeyCodec<CheckpointId, Partial<CheckpointId>> = recordKey<CheckpointId>({
  job: text,
  task: text,
  end: natural,
  node: text,
});

const receiptKey: KeyCodec<ReceiptId, Partial<ReceiptId>> = recordKey<ReceiptId>({
  job: text,
  task: text,
  epoch: natural,
  peer: text,
});
