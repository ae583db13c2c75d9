import type {
  AuctionAnnouncement,
  Award,
  Bidder,
  CIDText,
  Hex32,
  Evidence,
  Lot,
  Money,
  PeerId,
  PPM,
  RevealCall,
  SignedMessage,
  Time,
  Weights,
} from "@foldmesh/protocol";
import type { MarketRefusal } from "./errors.ts";

/**
 * One batch of lots, auctioned round after round until all are sold or the deadline comes.
 *
 *     Committing → Revealing     the commit window ends, or everyone admitted has committed (else → Resting, no commits)
 *     Revealing  → Closed        all lots sold
 *     Revealing  → Resting       some lots found no eligible bid: their reserve rises, unless it was room that all bidders lacked
 *     Resting    → Committing    the rest is over, or cut short; the next round is announced
 *     any        → Closed        no time for another round, or cancelled
 */
export type AuctionState = Batch &
  (
    | Committing
    | Revealing
    | { readonly phase: "Resting"; readonly until: Time }
    | { readonly phase: "Closed"; readonly unsold: readonly string[] }
  );

interface Committing extends Round {
  readonly phase: "Committing";
  readonly commits: Commits;
}

interface Revealing extends Round {
  readonly phase: "Revealing";
  readonly commits: Commits;
  readonly reveals: Reveals;
}

/** The state in one phase. */
export type InPhase<P extends AuctionState["phase"]> = Extract<AuctionState, { phase: P }>;

type Commits = ReadonlyMap<PeerId, SignedMessage<"BidCommit">>;
type Reveals = ReadonlyMap<PeerId, SignedMessage<"BidReveal">>;

/** A lot and how far its reserve may rise. */
export interface LotForSale extends Lot {
  readonly maxReserve: Money;
}

export interface AuctionConfig {
  readonly commitMs: number;
  readonly revealMs: number;
  /** added to the reserve of an unsold lot each round */
  readonly reserveStep: PPM;
  /** pause before the next round; doubles with each round that sold nothing, up to `maxRestMs` */
  readonly restMs: number;
  readonly maxRestMs: number;
  readonly weights: Weights;
}

export const AUCTION_DEFAULTS: AuctionConfig = {
  commitMs: 400,
  revealMs: 400,
  reserveStep: 250_000,
  restMs: 100,
  maxRestMs: 5_000,
  weights: { price: 700_000, reputation: 300_000 },
};

export interface AuctionInit {
  readonly broker: PeerId;
  readonly job: CIDText;
  readonly program: CIDText;
  /** of tau, that the work takes */
  readonly powers?: Hex32 | undefined;
  /** number of the first announcement among this job's; one a round */
  readonly sequence: number;
  readonly lots: readonly LotForSale[];
  readonly bidders: readonly Bidder[];
  readonly deadline: Time;
  readonly config: AuctionConfig;
}

/** What stays the same or is carried from round to round. */
export interface Batch extends AuctionInit {
  /** rounds in a row that sold nothing */
  readonly dryRounds: number;
}

interface Round {
  readonly auction: CIDText;
  readonly announcement: AuctionAnnouncement;
  /** admitted, but caught at signing two commits: nothing of theirs counts */
  readonly excluded: readonly PeerId[];
  readonly until: Time;
}

export type AuctionEvent =
  | { readonly kind: "commit"; readonly message: SignedMessage<"BidCommit"> }
  | { readonly kind: "reveal"; readonly message: SignedMessage<"BidReveal"> }
  /** the admitted peers, for rounds announced from now on */
  | { readonly kind: "bidders"; readonly bidders: readonly Bidder[] }
  | { readonly kind: "tick" }
  /** somebody may have room again: no more rest */
  | { readonly kind: "wake" }
  | { readonly kind: "cancel" };

export type AuctionFault = "no-reveal" | "bad-reveal" | "equivocation";

export type AuctionEffect =
  | { readonly kind: "announce"; readonly auction: CIDText; readonly content: AuctionAnnouncement }
  | { readonly kind: "callReveals"; readonly content: RevealCall }
  /** sign and publish; `sold` says it in the words of the job */
  | { readonly kind: "award"; readonly content: Award; readonly sold: readonly SoldLot[] }
  | { readonly kind: "blame"; readonly peer: PeerId; readonly fault: AuctionFault }
  | { readonly kind: "evidence"; readonly content: Evidence }
  | {
      readonly kind: "refuse";
      readonly peer: PeerId;
      readonly message: CIDText;
      readonly reason: MarketRefusal;
    }
  | { readonly kind: "closed"; readonly unsold: readonly string[] };

export interface SoldLot {
  readonly auction: CIDText;
  readonly task: string;
  readonly epoch: number;
  readonly peer: PeerId;
  readonly price: Money;
  /** what the winner promised, ms */
  readonly duration: number;
}

export interface AuctionStep {
  readonly state: AuctionState;
  readonly effects: readonly AuctionEffect[];
}
