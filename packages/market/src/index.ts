export { auctionWake, openAuction, stepAuction } from "./auction.ts";
export {
  AUCTION_DEFAULTS,
  type AuctionConfig,
  type AuctionEffect,
  type AuctionEvent,
  type AuctionFault,
  type AuctionInit,
  type AuctionState,
  type AuctionStep,
  type LotForSale,
  type SoldLot,
} from "./auction-state.ts";
export { type AwardVerdict, checkWrongAward, verifyAward, wrongAward } from "./audit.ts";
export { decideAward, type Reveal } from "./award.ts";
export {
  type BidEvent,
  type BidState,
  type BidStep,
  type Costs,
  priceOf,
  sealBid,
  stepBid,
  truthfulBid,
} from "./bidding.ts";
export {
  admittedBidders,
  type Ask,
  asksOf,
  type BookEffect,
  type BookEvent,
  type BookState,
  type BookStep,
  EMPTY_BOOK,
  quote,
  type Quote,
  rankedRequests,
  stepBook,
} from "./book.ts";
export { commitmentOf, digestOfIds, tieBreak } from "./digest.ts";
export type { MarketRefusal } from "./errors.ts";
export {
  balanceOf,
  EMPTY_LEDGER,
  type Escrow,
  type LedgerEffect,
  type LedgerEvent,
  type LedgerState,
  type LedgerStep,
  compactLedger,
  type Payment,
  stepLedger,
  totalOf,
} from "./ledger.ts";
export {
  FAILURE,
  noReputations,
  outcomeOf,
  REPUTATION_DEFAULTS,
  type ReputationConfig,
  type ReputationEvent,
  reputationOf,
  type ReputationState,
  type ReputationStep,
  stepReputation,
  successOutcome,
} from "./reputation.ts";
export { scaledScore, secondScorePrice } from "./score.ts";
export type { Outcome, Tally } from "./tally.ts";
export { createWatch, type Watch } from "./watch.ts";
