// The network's notice board: what is said to everybody, by gossip. Roles of one node hear each other too.

import { type Network, signedMessages } from "@foldmesh/network";
import {
  type AnyMessage,
  type Contents,
  type SignedMessage,
  signMessage,
} from "@foldmesh/protocol";
import { checkRecord } from "./evidence/check-record.ts";
import { MARKET_TOPIC, RECORD_TOPIC } from "./topics.ts";

const MARKET_KINDS = [
  "AuctionAnnouncement",
  "BidCommit",
  "RevealCall",
  "BidReveal",
  "Award",
] as const;
const RECORD_KINDS = ["Receipt", "Evidence"] as const;
type BoardKind = (typeof MARKET_KINDS)[number] | (typeof RECORD_KINDS)[number];

/** A message of a kind that goes by gossip. */
export type Notice = Extract<AnyMessage, { kind: BoardKind }>;

export interface Board {
  /** Signs and says to everybody, this node's own listeners included. */
  post<K extends BoardKind>(kind: K, content: Contents[K]): Promise<SignedMessage<K>>;
  /** Says what has been signed already. */
  repost<K extends BoardKind>(message: SignedMessage<K>): Promise<void>;
  /** @returns a function that ends it */
  listen(listener: (notice: Notice) => void): () => void;
}

export function createBoard({ gossip, signer }: Network): Board {
  const listeners = new Set<(notice: Notice) => void>();
  const tell = (notice: Notice): void => listeners.forEach((listener) => listener(notice));
  gossip.subscribe(MARKET_TOPIC, signedMessages(MARKET_KINDS), tell);
  gossip.subscribe(
    RECORD_TOPIC,
    signedMessages(RECORD_KINDS, (notice) => checkRecord(notice)),
    tell,
  );
  const repost = async <K extends BoardKind>(message: SignedMessage<K>): Promise<void> => {
    const topic = isRecord(message.kind) ? RECORD_TOPIC : MARKET_TOPIC;
    tell(message as unknown as Notice);
    await gossip.publish(topic, message.bytes);
  };
  return {
    repost,
    async post(kind, content) {
      const message = await signMessage(signer, kind, content);
      await repost(message);
      return message;
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

const isRecord = (kind: BoardKind): boolean => (RECORD_KINDS as readonly string[]).includes(kind);
