import type { CapabilityAdvert } from "./messages/advert.ts";
import { capabilityAdvert } from "./messages/advert.ts";
import type {
  AuctionAnnouncement,
  Award,
  BidCommit,
  BidReveal,
  RevealCall,
} from "./messages/auction.ts";
import {
  auctionAnnouncement,
  award,
  bidCommit,
  bidReveal,
  revealCall,
} from "./messages/auction.ts";
import type { Checkpoint, Delivery, Evidence, HandOff, Receipt } from "./messages/delivery.ts";
import { checkpoint, delivery, evidence, handOff, receipt } from "./messages/delivery.ts";
import type {
  BrokerLease,
  Lease,
  LeaseRenewal,
  Progress,
  Refusal,
  Revocation,
} from "./messages/lease.ts";
import {
  brokerLease,
  lease,
  leaseRenewal,
  progress,
  refusal,
  revocation,
} from "./messages/lease.ts";
import type { Cancel, Order, ProofRequest } from "./messages/request.ts";
import { cancel, order, proofRequest } from "./messages/request.ts";
import type { Codec } from "./schema.ts";

/** What this node speaks and signs. A change of any schema or of the envelope raises it. */
export const PROTOCOL_VERSION = 1;

/** What each kind of message carries. */
export interface Contents {
  CapabilityAdvert: CapabilityAdvert;
  ProofRequest: ProofRequest;
  Order: Order;
  Cancel: Cancel;
  AuctionAnnouncement: AuctionAnnouncement;
  BidCommit: BidCommit;
  RevealCall: RevealCall;
  BidReveal: BidReveal;
  Award: Award;
  Lease: Lease;
  LeaseRenewal: LeaseRenewal;
  Revocation: Revocation;
  Refusal: Refusal;
  Progress: Progress;
  Checkpoint: Checkpoint;
  HandOff: HandOff;
  Delivery: Delivery;
  Receipt: Receipt;
  BrokerLease: BrokerLease;
  Evidence: Evidence;
}

export type Kind = keyof Contents;

interface KindSpec<K extends Kind> {
  readonly content: Codec<Contents[K]>;
  /** the most bytes of a signed message of this kind */
  readonly limit: number;
}

const KB = 1024;

/** All under the 4 MiB at which gossipsub silences a neighbour for good. */
export const KINDS: { readonly [K in Kind]: KindSpec<K> } = {
  CapabilityAdvert: { content: capabilityAdvert, limit: 8 * KB },
  ProofRequest: { content: proofRequest, limit: 32 * KB },
  Order: { content: order, limit: 4 * KB },
  Cancel: { content: cancel, limit: 2 * KB },
  AuctionAnnouncement: { content: auctionAnnouncement, limit: 256 * KB },
  BidCommit: { content: bidCommit, limit: KB },
  RevealCall: { content: revealCall, limit: KB },
  BidReveal: { content: bidReveal, limit: 64 * KB },
  Award: { content: award, limit: 64 * KB },
  Lease: { content: lease, limit: 4 * KB },
  LeaseRenewal: { content: leaseRenewal, limit: KB },
  Revocation: { content: revocation, limit: KB },
  Refusal: { content: refusal, limit: KB },
  Progress: { content: progress, limit: KB },
  Checkpoint: { content: checkpoint, limit: KB },
  HandOff: { content: handOff, limit: 2 * KB },
  Delivery: { content: delivery, limit: KB },
  Receipt: { content: receipt, limit: KB },
  BrokerLease: { content: brokerLease, limit: KB },
  Evidence: { content: evidence, limit: 2048 * KB },
};

export const LARGEST_LIMIT: number = Math.max(...Object.values(KINDS).map(({ limit }) => limit));

export const isKind = (word: string): word is Kind => Object.hasOwn(KINDS, word);
