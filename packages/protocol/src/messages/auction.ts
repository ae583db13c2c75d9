import type { Codec } from "../schema.ts";
import { integer, list, refine, sorted, struct, word } from "../schema.ts";
import type { CIDText, Hex32, Money, PeerId, PPM, Range, Time } from "../scalars.ts";
import {
  cid,
  count,
  duration,
  epoch,
  hex32,
  money,
  peer,
  ppm,
  range,
  taskId,
  time,
} from "../scalars.ts";

export type TaskKind = "prove" | "merge" | "compress" | "verify";

/** One piece of work under the hammer. */
export interface Lot {
  readonly task: string;
  readonly kind: TaskKind;
  /** the lease's epoch if this lot is sold */
  readonly epoch: number;
  /** steps to prove, or the steps that the merged node spans */
  readonly range: Range;
  readonly constraints: number;
  /** the most that will be paid */
  readonly reserve: Money;
  /** bids that promise to take longer (ms) are not eligible */
  readonly maxDuration: number;
}

/** A bidder that the broker admits, with the reputation it will count in this auction. */
export interface Bidder {
  readonly peer: PeerId;
  readonly reputation: PPM;
}

/** Score weights; they add up to a million and the price has a part in it. */
export interface Weights {
  readonly price: PPM;
  readonly reputation: PPM;
}

/**
 * Opens a sealed reverse auction; its message id names the auction. Reputations are fixed here, before any bid is known: after this
 * message the award is a function of the reveals alone.
 */
export interface AuctionAnnouncement {
  readonly job: CIDText;
  /** counts this job's auctions: a broker signs one announcement for each */
  readonly sequence: number;
  readonly program: CIDText;
  /** as in the job's request: who lacks these powers of tau cannot do the work */
  readonly powers?: Hex32;
  readonly lots: readonly Lot[];
  /** admitted: advert live, benchmark checked, reputation high enough; sorted by peer */
  readonly bidders: readonly Bidder[];
  readonly weights: Weights;
  readonly commitBy: Time;
  readonly revealBy: Time;
}

/** `commitment` of market: SHA-256 over the auction, the bidder, the bid and the salt. */
export interface BidCommit {
  readonly auction: CIDText;
  readonly commitment: Hex32;
}

/**
 * Closes the commits and asks for the reveals: no bid is opened while another can still be changed, and no bidder needs the
 * broker's clock. What was not committed under this digest does not count.
 */
export interface RevealCall {
  readonly auction: CIDText;
  /** over the ids of all commits that were counted */
  readonly commits: Hex32;
}

/** One lot that a bidder wants: its price for it and how long it will take (ms). */
export interface Offer {
  readonly lot: number;
  readonly price: Money;
  readonly duration: number;
}

/** Who wants nothing says so too, with a bid of no offers: the auction then need not wait for it. */
export interface BidReveal {
  readonly auction: CIDText;
  /** sorted by lot; lots not named are not wanted */
  readonly offers: readonly Offer[];
  /** the most lots this bidder can take now */
  readonly capacity: number;
  readonly salt: Hex32;
}

export interface AwardedLot {
  readonly lot: number;
  readonly peer: PeerId;
  /** what the winner is paid: the second score's price */
  readonly price: Money;
}

export interface Award {
  readonly auction: CIDText;
  /** sorted by lot; lots not named found no eligible bid */
  readonly lots: readonly AwardedLot[];
  /** over all reveals that were counted */
  readonly digest: Hex32;
}

/** Bounds of one auction, network-wide. */
export const MAX_LOTS = 512;
export const MAX_BIDDERS = 1024;

const taskKind: Codec<TaskKind> = word("prove", "merge", "compress", "verify");
const lotIndex: Codec<number> = integer(0, MAX_LOTS - 1);

const lot: Codec<Lot> = struct<Lot>({
  task: taskId,
  kind: taskKind,
  epoch,
  range,
  constraints: count,
  reserve: money,
  maxDuration: duration,
});

const weights: Codec<Weights> = refine(struct<Weights>({ price: ppm, reputation: ppm }), (w) =>
  w.price > 0 && w.price + w.reputation === 1_000_000
    ? undefined
    : "weights that add up to a million, price above 0",
);

const fields: Codec<AuctionAnnouncement> = struct<AuctionAnnouncement>(
  {
    job: cid,
    sequence: count,
    program: cid,
    powers: hex32,
    lots: refine(list(lot, 1, MAX_LOTS), (lots) =>
      new Set(lots.map(({ task }) => task)).size === lots.length
        ? undefined
        : "each task in one lot",
    ),
    bidders: sorted(struct<Bidder>({ peer, reputation: ppm }), 0, MAX_BIDDERS, (each) => each.peer),
    weights,
    commitBy: time,
    revealBy: time,
  },
  ["powers"],
);

export const auctionAnnouncement: Codec<AuctionAnnouncement> = refine(fields, (value) =>
  value.commitBy < value.revealBy ? undefined : "commitBy before revealBy",
);

export const bidCommit: Codec<BidCommit> = struct<BidCommit>({ auction: cid, commitment: hex32 });

export const revealCall: Codec<RevealCall> = struct<RevealCall>({ auction: cid, commits: hex32 });

const offer: Codec<Offer> = struct<Offer>({ lot: lotIndex, price: money, duration });

export const bidReveal: Codec<BidReveal> = struct<BidReveal>({
  auction: cid,
  offers: sorted(offer, 0, MAX_LOTS, (each) => each.lot),
  capacity: integer(0, MAX_LOTS),
  salt: hex32,
});

const awardedLot: Codec<AwardedLot> = struct<AwardedLot>({ lot: lotIndex, peer, price: money });

export const award: Codec<Award> = struct<Award>({
  auction: cid,
  lots: sorted(awardedLot, 0, MAX_LOTS, (each) => each.lot),
  digest: hex32,
});

export { taskKind };
