import type {
  AuctionAnnouncement,
  BidReveal,
  CIDText,
  Hex32,
  Lot,
  Money,
  Offer,
  PeerId,
} from "@foldmesh/protocol";
import { commitmentOf } from "./digest.ts";

/** What a bidder's own costs and speed are; for a single lot, bidding them truly is a best reply. */
export interface Costs {
  /** per million constraints */
  readonly ask: Money;
  readonly constraintsPerSecond: number;
  /** lots it can take now */
  readonly capacity: number;
}

/**
 * One bidder in one auction.
 *
 *     Committed → Revealed   the broker calls for the reveals
 *     Revealed  → Won | Lost the award names it or not
 */
export type BidState =
  | { readonly phase: "Committed"; readonly auction: CIDText; readonly bid: BidReveal }
  | { readonly phase: "Revealed"; readonly auction: CIDText; readonly bid: BidReveal }
  | { readonly phase: "Won"; readonly auction: CIDText; readonly lots: readonly number[] }
  | { readonly phase: "Lost"; readonly auction: CIDText };

const MILLION = 1_000_000n;

/** Cost of a lot at an ask per million constraints, rounded up. */
export function priceOf(ask: Money, constraints: number): Money {
  return (ask * BigInt(constraints) + MILLION - 1n) / MILLION;
}

/** The bid of a truthful bidder: every lot whose reserve covers its cost and whose time it can keep; undefined when there is none. */
export function truthfulBid(
  auction: CIDText,
  { lots }: AuctionAnnouncement,
  costs: Costs,
  salt: Hex32,
): BidReveal | undefined {
  const offers = lots.flatMap((lot, i) => offerFor(lot, i, costs));
  const capacity = Math.min(costs.capacity, offers.length);
  return capacity < 1 ? undefined : { auction, offers, capacity, salt };
}

function offerFor(lot: Lot, i: number, { ask, constraintsPerSecond }: Costs): readonly Offer[] {
  const price = priceOf(ask, lot.constraints);
  const duration = Math.ceil((lot.constraints * 1000) / constraintsPerSecond);
  return price <= lot.reserve && duration <= lot.maxDuration ? [{ lot: i, price, duration }] : [];
}

/** Seals a bid: publish the commitment, keep the state. @param salt 32 random bytes, fresh for each auction, are inside `bid` */
export function sealBid(
  bidder: PeerId,
  bid: BidReveal,
): { readonly state: BidState; readonly commitment: Hex32 } {
  return {
    state: { phase: "Committed", auction: bid.auction, bid },
    commitment: commitmentOf(bidder, bid),
  };
}

export type BidEvent =
  | { readonly kind: "revealsCalled"; readonly auction: CIDText }
  | {
      readonly kind: "awarded";
      readonly auction: CIDText;
      readonly lots: readonly { lot: number; peer: PeerId }[];
    };

export interface BidStep {
  readonly state: BidState;
  readonly effects: readonly { readonly kind: "reveal"; readonly content: BidReveal }[];
}

export function stepBid(self: PeerId, state: BidState, event: BidEvent): BidStep {
  if (event.auction !== state.auction) return { state, effects: [] };
  if (event.kind === "revealsCalled" && state.phase === "Committed") {
    return {
      state: { ...state, phase: "Revealed" },
      effects: [{ kind: "reveal", content: state.bid }],
    };
  }
  if (event.kind === "awarded" && state.phase === "Revealed")
    return { state: outcome(self, event), effects: [] };
  return { state, effects: [] };
}

function outcome(
  self: PeerId,
  { auction, lots }: Extract<BidEvent, { kind: "awarded" }>,
): BidState {
  const won = lots.filter(({ peer }) => peer === self).map(({ lot }) => lot);
  return won.length === 0 ? { phase: "Lost", auction } : { phase: "Won", auction, lots: won };
}
