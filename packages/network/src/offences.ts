import type { PeerId } from "@foldmesh/protocol";

/** What a peer can do wrong, as far as the network sees it; the last two are for the layers above. */
export type Offence =
  | "malformed"
  | "oversized"
  | "forged"
  | "flood"
  | "stall"
  | "bad-blob"
  | "bad-gossip"
  | "graylisted"
  | "no-reveal"
  | "misconduct";

/** Points lost; a peer starts at 0, and two of the worst within a minute ban it. */
const PENALTY: Readonly<Record<Offence, number>> = {
  malformed: 25,
  oversized: 55,
  forged: 55,
  flood: 1, // one refused request: an honest burst loses a few points, a flood is over in a second
  stall: 20,
  "bad-blob": 55,
  "bad-gossip": 25,
  graylisted: 60,
  "no-reveal": 16, // a bid that stays sealed: four auctions in a row disconnect
  misconduct: 55,
};

export const BAN_SCORE = -100;
/** A peer at or under this is disconnected, and may come back. */
export const DISCONNECT_SCORE = -60;
const HALF_LIFE = 2 * 60_000;
const BAN_TIME = 10 * 60_000;
const MAX_RECORDS = 4096;

export type Standing = "good" | "disconnect" | "banned";

interface PeerRecord {
  readonly score: number;
  readonly at: number;
  readonly bannedUntil: number;
}

/** Scores of peers that offended, halved every two minutes. Bounded: the oldest record goes first. */
export interface OffenceBook {
  readonly add: (peer: PeerId, offence: Offence) => Standing;
  /** 0 for a peer without offences, else negative */
  readonly score: (peer: PeerId) => number;
  readonly isBanned: (peer: PeerId) => boolean;
}

/** @param now milliseconds, monotonic */
export function createOffenceBook(now: () => number): OffenceBook {
  const records = new Map<PeerId, PeerRecord>();
  const score = (peer: PeerId): number => {
    const record = records.get(peer);
    return record === undefined ? 0 : decayed(record, now());
  };
  return {
    score,
    isBanned: (peer) => (records.get(peer)?.bannedUntil ?? 0) > now(),
    add(peer, offence) {
      const left = Math.max(score(peer) - PENALTY[offence], 2 * BAN_SCORE);
      const banned = left <= BAN_SCORE;
      const bannedUntil = banned ? now() + BAN_TIME : (records.get(peer)?.bannedUntil ?? 0);
      records.delete(peer); // to the end of the insertion order
      records.set(peer, { score: left, at: now(), bannedUntil });
      forgetOldest(records);
      return banned ? "banned" : left <= DISCONNECT_SCORE ? "disconnect" : "good";
    },
  };
}

function decayed({ score, at }: PeerRecord, time: number): number {
  const left = score * 2 ** ((at - time) / HALF_LIFE);
  return left > -0.01 ? 0 : left;
}

function forgetOldest(records: Map<PeerId, PeerRecord>): void {
  if (records.size <= MAX_RECORDS) return;
  for (const peer of records.keys()) {
    records.delete(peer);
    return;
  }
}
