/** Why the market did not take something. A peer is told; nothing changed. */
export type MarketRefusal =
  | "UNKNOWN_AUCTION"
  | "NOT_ADMITTED"
  | "TOO_LATE"
  | "TOO_EARLY"
  | "NO_COMMIT" // a reveal without a commit
  | "BAD_REVEAL" // a reveal that is not what was committed
  | "DUPLICATE"
  | "EQUIVOCATION"
  | "STALE"
  | "EXPIRED"
  | "INSUFFICIENT_FUNDS"
  | "UNKNOWN_JOB"
  | "ALREADY_PAID";
