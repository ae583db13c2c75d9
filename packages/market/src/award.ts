import type {
  AuctionAnnouncement,
  Award,
  AwardedLot,
  BidReveal,
  CIDText,
  Hex32,
  Lot,
  Offer,
  PeerId,
  PPM,
  Weights,
} from "@foldmesh/protocol";
import { digestOfIds, tieBreak } from "./digest.ts";
import { scaledScore, secondScorePrice } from "./score.ts";

/** A revealed bid: what the award depends on. A SignedMessage<"BidReveal"> is one. */
export interface Reveal {
  readonly id: CIDText;
  readonly sender: PeerId;
  readonly content: BidReveal;
}

interface Contender {
  readonly peer: PeerId;
  readonly reputation: PPM;
  readonly offers: ReadonlyMap<number, Offer>;
  readonly tie: Hex32;
  /** lots this bidder can still take */
  left: number;
}

interface Candidate {
  readonly contender: Contender;
  readonly score: bigint;
}

/**
 * Who gets which lot at which price: a pure function of the announcement and the set of reveals, so that anyone can recompute it.
 * Lots go in announced order, each to the best eligible score among bidders with capacity left; the winner is paid the price at which
 * it would tie with the best of the others in the running for that lot (second score). For a single lot this makes the true cost a
 * best reply; over several lots it does not, since a bidder may gain by losing an early lot.
 * @param reveals at most one a bidder; those of peers that were not admitted do not count but enter the digest
 */
export function decideAward(
  auction: CIDText,
  announced: AuctionAnnouncement,
  reveals: readonly Reveal[],
): Award {
  const contenders = contendersOf(auction, announced, reveals);
  const lots = announced.lots.flatMap((lot, i) => awardLot(lot, i, contenders, announced.weights));
  const ids = reveals.map(({ id }) => id);
  return { auction, lots, digest: digestOfIds("reveals", ids) };
}

function contendersOf(
  auction: CIDText,
  { bidders }: AuctionAnnouncement,
  reveals: readonly Reveal[],
): readonly Contender[] {
  const reputations = new Map(bidders.map(({ peer, reputation }) => [peer, reputation]));
  return reveals.flatMap(({ sender, content }) => {
    const reputation = reputations.get(sender);
    if (reputation === undefined || content.auction !== auction) return [];
    const offers = new Map(content.offers.map((offer) => [offer.lot, offer]));
    return [
      { peer: sender, reputation, offers, tie: tieBreak(auction, sender), left: content.capacity },
    ];
  });
}

function awardLot(
  lot: Lot,
  i: number,
  contenders: readonly Contender[],
  weights: Weights,
): readonly AwardedLot[] {
  const [best, second] = contenders
    .flatMap((each) => candidacy(lot, i, each, weights))
    .toSorted(better);
  if (best === undefined) return [];
  const { contender } = best;
  contender.left -= 1;
  const price = secondScorePrice(second?.score, contender.reputation, lot.reserve, weights);
  return [{ lot: i, peer: contender.peer, price }];
}

/** Eligible: capacity left, an offer for this lot at or under its reserve and within its time. */
function candidacy(
  lot: Lot,
  i: number,
  contender: Contender,
  weights: Weights,
): readonly Candidate[] {
  const offer = contender.offers.get(i);
  if (contender.left === 0 || offer === undefined) return [];
  if (offer.price > lot.reserve || offer.duration > lot.maxDuration) return [];
  return [
    { contender, score: scaledScore(offer.price, contender.reputation, lot.reserve, weights) },
  ];
}

function better(a: Candidate, b: Candidate): number {
  if (a.score !== b.score) return a.score > b.score ? -1 : 1;
  return a.contender.tie < b.contender.tie ? -1 : 1;
}
