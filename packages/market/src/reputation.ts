import type { CIDText, PeerId, PPM, Receipt, Time } from "@foldmesh/protocol";
import { PPM_ONE } from "@foldmesh/protocol";
import { stepOf } from "./decay.ts";
import type { MarketRefusal } from "./errors.ts";
import type { Outcome, Tally } from "./tally.ts";
import { addOutcome, addTallies, capTally, EMPTY_TALLY, scaleTally, tallyAt } from "./tally.ts";

/**
 * What a node thinks of its peers: 50 % success, 30 % mean quality, 20 % time efficiency, decayed, of its own experience first and of
 * others' receipts second. A peer nobody knows has 0, and nobody has less, so a new name is never worth more than an old one.
 */
export interface ReputationState {
  readonly config: ReputationConfig;
  readonly own: ReadonlyMap<PeerId, Tally>;
  /** per subject, per issuer of receipts */
  readonly heard: ReadonlyMap<PeerId, ReadonlyMap<PeerId, Tally>>;
  /** receipts already counted, with their times; older ones than the window are refused, so they need not be remembered */
  readonly counted: ReadonlyMap<CIDText, Time>;
}

export interface ReputationConfig {
  readonly halfLifeMs: number;
  /** how many outcomes' worth of nothing every peer begins with, in ppm: trust is earned over a few pieces of work */
  readonly prior: PPM;
  readonly success: PPM;
  readonly quality: PPM;
  readonly efficiency: PPM;
  /** weight of a heard outcome against one of our own */
  readonly heardShare: PPM;
  /**
   * the most outcomes that all of hearsay, and one issuer's before its share is taken, can weigh, in ppm. Invented issuers lift an
   * invented peer to heardCap/(heardCap + prior) at most, a fifth by default: receipts cost nothing to sign.
   */
  readonly heardCap: PPM;
  readonly issuerCap: PPM;
  /** receipts older than this, or further in the future, are not counted */
  readonly receiptWindowMs: number;
  /** weight of a commit that was not revealed, and of a refused lease */
  readonly noRevealWeight: PPM;
}

export const REPUTATION_DEFAULTS: ReputationConfig = {
  halfLifeMs: 7 * 86_400_000,
  prior: 2_000_000,
  success: 500_000,
  quality: 300_000,
  efficiency: 200_000,
  heardShare: 250_000,
  heardCap: 500_000,
  issuerCap: 500_000,
  receiptWindowMs: 3_600_000,
  noRevealWeight: 250_000,
};

export type ReputationEvent =
  | { readonly kind: "experience"; readonly peer: PeerId; readonly outcome: Outcome }
  /** a verified Receipt of another broker */
  | {
      readonly kind: "receipt";
      readonly issuer: PeerId;
      readonly id: CIDText;
      readonly content: Receipt;
    };

export interface ReputationStep {
  readonly state: ReputationState;
  readonly effects: readonly {
    readonly kind: "refuse";
    readonly message: CIDText;
    readonly reason: MarketRefusal;
  }[];
}

export function noReputations(config: ReputationConfig): ReputationState {
  return { config, own: new Map(), heard: new Map(), counted: new Map() };
}

export const FAILURE: Outcome = { weight: PPM_ONE, success: false, quality: 0, efficiency: 0 };

/** A finished piece of work: how good (ppm), and the time promised against the time taken. */
export function successOutcome(quality: PPM, promisedMs: number, takenMs: number): Outcome {
  const efficiency = takenMs <= promisedMs ? PPM_ONE : Math.floor((promisedMs * PPM_ONE) / takenMs);
  return { weight: PPM_ONE, success: true, quality, efficiency };
}

export function stepReputation(
  state: ReputationState,
  event: ReputationEvent,
  now: Time,
): ReputationStep {
  return event.kind === "experience"
    ? onExperience(state, event, now)
    : onReceipt(state, event, now);
}

function onExperience(
  state: ReputationState,
  { peer, outcome }: Extract<ReputationEvent, { kind: "experience" }>,
  now: Time,
): ReputationStep {
  const tally = addOutcome(
    state.own.get(peer) ?? EMPTY_TALLY,
    outcome,
    now,
    state.config.halfLifeMs,
  );
  return { state: { ...state, own: new Map(state.own).set(peer, tally) }, effects: [] };
}

function onReceipt(
  state: ReputationState,
  { issuer, id, content }: Extract<ReputationEvent, { kind: "receipt" }>,
  now: Time,
): ReputationStep {
  const reason = whyNotReceipt(state, issuer, id, content, now);
  if (reason !== undefined) return { state, effects: [{ kind: "refuse", message: id, reason }] };
  const issuers = state.heard.get(content.peer) ?? new Map<PeerId, Tally>();
  const tally = issuers.get(issuer) ?? EMPTY_TALLY;
  const next = addOutcome(tally, outcomeOf(content), content.at, state.config.halfLifeMs);
  const heard = new Map(state.heard).set(content.peer, new Map(issuers).set(issuer, next));
  return { state: { ...state, heard, counted: remember(state, id, content.at, now) }, effects: [] };
}

function whyNotReceipt(
  { config, counted }: ReputationState,
  issuer: PeerId,
  id: CIDText,
  { peer, at }: Receipt,
  now: Time,
): MarketRefusal | undefined {
  if (issuer === peer) return "NOT_ADMITTED"; // praise of oneself
  if (Math.abs(now - at) > config.receiptWindowMs) return "STALE";
  return counted.has(id) ? "DUPLICATE" : undefined;
}

function remember(
  state: ReputationState,
  id: CIDText,
  at: Time,
  now: Time,
): ReadonlyMap<CIDText, Time> {
  const live = [...state.counted].filter(([, time]) => now - time <= state.config.receiptWindowMs);
  return new Map(live).set(id, at);
}

/** A receipt as an outcome. */
export function outcomeOf({ verdict }: Receipt): Outcome {
  if (verdict.kind === "rejected") return FAILURE;
  return {
    weight: PPM_ONE,
    success: true,
    quality: verdict.quality,
    efficiency: verdict.efficiency,
  };
}

/** A peer's reputation now, in ppm. */
export function reputationOf(state: ReputationState, peer: PeerId, now: Time): PPM {
  const { config } = state;
  const step = stepOf(now, config.halfLifeMs);
  const own = tallyAt(state.own.get(peer) ?? EMPTY_TALLY, step);
  const sums = addTallies(own, heardOf(state, peer, step));
  const weighted =
    BigInt(config.success) * sums.success +
    BigInt(config.quality) * sums.quality +
    BigInt(config.efficiency) * sums.efficiency;
  return Number(weighted / (sums.total + BigInt(config.prior)));
}

/** All hearsay about a peer: each issuer capped, the sum weighed and capped, so that no crowd of issuers outweighs experience. */
function heardOf({ config, heard }: ReputationState, peer: PeerId, step: number): Tally {
  const issuers = [...(heard.get(peer)?.values() ?? [])];
  const sum = issuers
    .map((tally) => capTally(tallyAt(tally, step), BigInt(config.issuerCap)))
    .reduce(addTallies, { ...EMPTY_TALLY, step });
  return capTally(
    scaleTally(sum, BigInt(config.heardShare), BigInt(PPM_ONE)),
    BigInt(config.heardCap),
  );
}
