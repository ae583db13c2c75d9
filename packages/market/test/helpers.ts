import type {
  AuctionAnnouncement,
  Bidder,
  Contents,
  Kind,
  Lot,
  Offer,
  SignedMessage,
} from "@foldmesh/protocol";
import { bytesToHex, idOfPayload, messageId, peerFromPublicKey } from "@foldmesh/protocol";
import { sha256 } from "@noble/hashes/sha2.js";

const hash = (name: string): Uint8Array => sha256(new TextEncoder().encode(name));

/** A peer id for a name; its key belongs to nobody. */
export const peerOf = (name: string): string => peerFromPublicKey(hash(name));
export const saltOf = (name: string): string => bytesToHex(hash(name));
export const cidOf = (name: string): string => idOfPayload(hash(name));

/** A message as the codec would give it, but never signed: the state machines trust their shell to have checked. */
export function unsigned<K extends Kind>(
  sender: string,
  kind: K,
  content: Contents[K],
): SignedMessage<K> {
  return { kind, sender, content, id: messageId(kind, sender, content), bytes: new Uint8Array() };
}

export const WEIGHTS = { price: 700_000, reputation: 300_000 };

export function lotOf(i: number, reserve: bigint): Lot {
  return {
    task: `prove:${i}`,
    kind: "prove",
    epoch: 0,
    range: { start: i, end: i + 1 },
    constraints: 1_000_000,
    reserve,
    maxDuration: 1000,
  };
}

export function announcementOf(
  lots: readonly Lot[],
  bidders: readonly Bidder[],
): AuctionAnnouncement {
  return {
    job: cidOf("job"),
    sequence: 0,
    program: cidOf("program"),
    lots,
    bidders: bidders.toSorted((a, b) => (a.peer < b.peer ? -1 : 1)),
    weights: WEIGHTS,
    commitBy: 400,
    revealBy: 800,
  };
}

/** A reveal as `decideAward` takes it; `offers` by lot, undefined for lots not wanted. */
export function revealOf(
  auction: string,
  sender: string,
  prices: readonly (bigint | undefined)[],
  capacity: number,
) {
  const offers = prices.flatMap((price, lot): Offer[] =>
    price === undefined ? [] : [{ lot, price, duration: 10 }],
  );
  return {
    id: `${sender}/reveal`,
    sender,
    content: { auction, offers, capacity, salt: saltOf(sender) },
  };
}
