import type {
  AuctionAnnouncement,
  AwardedLot,
  CIDText,
  Lot,
  PeerId,
  PPM,
  RevealCall,
  SignedMessage,
  Time,
} from "@foldmesh/protocol";
import { equivocation, messageId, PPM_ONE } from "@foldmesh/protocol";
import type {
  AuctionEffect,
  AuctionEvent,
  AuctionInit,
  AuctionState,
  AuctionStep,
  Batch,
  InPhase,
  LotForSale,
  SoldLot,
} from "./auction-state.ts";
import { decideAward } from "./award.ts";
import { commitmentOf, digestOfIds } from "./digest.ts";
import type { MarketRefusal } from "./errors.ts";

/** Announces the first round. `now` and every later one are the broker's clock. */
export function openAuction(init: AuctionInit, now: Time): AuctionStep {
  return announce({ ...init, dryRounds: 0 }, now);
}

/** When a tick will next change something; undefined once closed. */
export function auctionWake(state: AuctionState): Time | undefined {
  return state.phase === "Closed" ? undefined : state.until;
}

export function stepAuction(state: AuctionState, event: AuctionEvent, now: Time): AuctionStep {
  switch (event.kind) {
    case "commit":
      return onCommit(state, event.message, now);
    case "reveal":
      return onReveal(state, event.message, now);
    case "bidders":
      return { state: { ...state, bidders: event.bidders }, effects: [] };
    case "tick":
      return onTick(state, now);
    case "wake":
      return state.phase === "Resting" ? announce(batchOf(state), now) : { state, effects: [] };
    case "cancel":
      return state.phase === "Closed" ? { state, effects: [] } : close(state);
  }
}

function announce(batch: Batch, now: Time): AuctionStep {
  const { config, job, sequence, program, powers } = batch;
  const commitBy = now + config.commitMs;
  const revealBy = commitBy + config.revealMs;
  if (revealBy > batch.deadline) return close(batch);
  const content: AuctionAnnouncement = {
    job,
    sequence,
    program,
    ...(powers !== undefined && { powers }),
    lots: batch.lots.map(withoutMaximum),
    bidders: batch.bidders.toSorted((a, b) => (a.peer < b.peer ? -1 : 1)),
    weights: config.weights,
    commitBy,
    revealBy,
  };
  const auction = messageId("AuctionAnnouncement", batch.broker, content);
  const round = { auction, announcement: content, excluded: [], until: commitBy };
  const state: AuctionState = { ...batch, ...round, phase: "Committing", commits: new Map() };
  return { state, effects: [{ kind: "announce", auction, content }] };
}

/** The maximum stays the broker's secret. */
function withoutMaximum({
  task,
  kind,
  epoch,
  range,
  constraints,
  reserve,
  maxDuration,
}: LotForSale): Lot {
  return { task, kind, epoch, range, constraints, reserve, maxDuration };
}

function onCommit(
  state: AuctionState,
  message: SignedMessage<"BidCommit">,
  now: Time,
): AuctionStep {
  const refusal = whyNotCommit(state, message, now);
  if (refusal !== undefined) return refuse(state, message, refusal);
  const round = state as InPhase<"Committing">;
  const earlier = round.commits.get(message.sender);
  if (earlier !== undefined)
    return earlier.id === message.id ? { state, effects: [] } : expose(round, earlier, message);
  const commits = new Map(round.commits).set(message.sender, message);
  const next = { ...round, commits };
  const awaited = round.announcement.bidders.length - round.excluded.length;
  return commits.size === awaited ? callReveals(next, now) : { state: next, effects: [] };
}

function whyNotCommit(
  state: AuctionState,
  { sender, content }: SignedMessage<"BidCommit">,
  now: Time,
): MarketRefusal | undefined {
  if (!("auction" in state) || content.auction !== state.auction) return "UNKNOWN_AUCTION";
  if (state.phase !== "Committing" || now > state.until) return "TOO_LATE";
  if (state.excluded.includes(sender)) return "EQUIVOCATION";
  return state.announcement.bidders.some(({ peer }) => peer === sender)
    ? undefined
    : "NOT_ADMITTED";
}

/** Two different commits: neither counts, and both together are evidence. The bidder is out of all later rounds. */
function expose(
  state: InPhase<"Committing">,
  earlier: SignedMessage<"BidCommit">,
  later: SignedMessage<"BidCommit">,
): AuctionStep {
  const commits = new Map(state.commits);
  commits.delete(later.sender);
  const bidders = state.bidders.filter(({ peer }) => peer !== later.sender);
  return {
    state: { ...state, commits, bidders, excluded: [...state.excluded, later.sender] },
    effects: [
      { kind: "evidence", content: equivocation(earlier, later) },
      { kind: "blame", peer: later.sender, fault: "equivocation" },
      { kind: "refuse", peer: later.sender, message: later.id, reason: "EQUIVOCATION" },
    ],
  };
}

function callReveals(state: InPhase<"Committing">, now: Time): AuctionStep {
  const { lots, config } = state;
  if (state.commits.size === 0) return nextRound(state, raised(lots, config.reserveStep), [], now);
  const ids = Array.from(state.commits.values(), ({ id }) => id);
  const content: RevealCall = { auction: state.auction, commits: digestOfIds("commits", ids) };
  const until = now + state.config.revealMs;
  return {
    state: { ...state, phase: "Revealing", reveals: new Map(), until },
    effects: [{ kind: "callReveals", content }],
  };
}

function onReveal(
  state: AuctionState,
  message: SignedMessage<"BidReveal">,
  now: Time,
): AuctionStep {
  const refusal = whyNotReveal(state, message, now);
  if (refusal === "BAD_REVEAL") return blameReveal(state, message);
  if (refusal !== undefined) return refuse(state, message, refusal);
  const round = state as InPhase<"Revealing">;
  const reveals = new Map(round.reveals).set(message.sender, message);
  const next = { ...round, reveals };
  return reveals.size === round.commits.size ? award(next, now) : { state: next, effects: [] };
}

function whyNotReveal(
  state: AuctionState,
  { sender, content }: SignedMessage<"BidReveal">,
  now: Time,
): MarketRefusal | undefined {
  if (!("auction" in state) || content.auction !== state.auction) return "UNKNOWN_AUCTION";
  if (state.phase === "Committing") return "TOO_EARLY";
  if (now > state.until) return "TOO_LATE";
  const commit = state.commits.get(sender);
  if (commit === undefined) return "NO_COMMIT";
  if (commitmentOf(sender, content) !== commit.content.commitment) return "BAD_REVEAL";
  return state.reveals.has(sender) ? "DUPLICATE" : undefined;
}

/** The bidder may still open the right one before the window ends. */
function blameReveal(state: AuctionState, message: SignedMessage<"BidReveal">): AuctionStep {
  const { effects } = refuse(state, message, "BAD_REVEAL");
  return {
    state,
    effects: [{ kind: "blame", peer: message.sender, fault: "bad-reveal" }, ...effects],
  };
}

function refuse(
  state: AuctionState,
  message: { sender: PeerId; id: CIDText },
  reason: MarketRefusal,
): AuctionStep {
  return {
    state,
    effects: [{ kind: "refuse", peer: message.sender, message: message.id, reason }],
  };
}

function onTick(state: AuctionState, now: Time): AuctionStep {
  if (state.phase === "Closed" || now < state.until) return { state, effects: [] };
  if (state.phase === "Committing") return callReveals(state, now);
  return state.phase === "Revealing" ? award(state, now) : announce(batchOf(state), now);
}

function award(state: InPhase<"Revealing">, now: Time): AuctionStep {
  const silent = [...state.commits.keys()].filter((peer) => !state.reveals.has(peer));
  const blames = silent.map((peer): AuctionEffect => ({ kind: "blame", peer, fault: "no-reveal" }));
  const reveals = [...state.reveals.values()];
  const { lots, config } = state;
  if (reveals.length === 0) return nextRound(state, raised(lots, config.reserveStep), blames, now);
  const content = decideAward(state.auction, state.announcement, reveals);
  const sold = content.lots.map((lot) => soldLot(state, lot));
  const unsold = state.lots.filter((_, i) => content.lots.every(({ lot }) => lot !== i));
  const dearer = hasRoom(state, sold.length) ? raised(unsold, state.config.reserveStep) : unsold;
  return nextRound(state, dearer, [...blames, { kind: "award", content, sold }], now);
}

/** Whether anybody could have taken more than was sold: only then is the reserve why the rest was not. */
function hasRoom({ reveals, announcement }: InPhase<"Revealing">, sold: number): boolean {
  const admitted = announcement.bidders.flatMap(({ peer }) => reveals.get(peer) ?? []);
  return admitted.reduce((sum, { content }) => sum + content.capacity, 0) > sold;
}

function soldLot(state: InPhase<"Revealing">, { lot, peer, price }: AwardedLot): SoldLot {
  const { task, epoch, maxDuration } = state.lots[lot] as LotForSale;
  const offer = state.reveals.get(peer)?.content.offers.find((each) => each.lot === lot);
  return {
    auction: state.auction,
    task,
    epoch,
    peer,
    price,
    duration: offer?.duration ?? maxDuration,
  };
}

/** Goes on with the lots that are left. */
function nextRound(
  state: Batch,
  lots: readonly LotForSale[],
  effects: readonly AuctionEffect[],
  now: Time,
): AuctionStep {
  const dry = lots.length === state.lots.length;
  const batch: Batch = {
    ...batchOf(state),
    lots,
    sequence: state.sequence + 1,
    dryRounds: dry ? state.dryRounds + 1 : 0,
  };
  const { restMs, maxRestMs, commitMs, revealMs } = state.config;
  const until = now + Math.min(maxRestMs, restMs * 2 ** Math.min(batch.dryRounds, 30));
  const over = lots.length === 0 || until + commitMs + revealMs > state.deadline;
  if (over) return withEffects(effects, close(batch));
  return { state: { ...batch, phase: "Resting", until }, effects };
}

const raised = (lots: readonly LotForSale[], step: PPM): readonly LotForSale[] =>
  lots.map((lot) => raiseReserve(lot, step));

function raiseReserve(lot: LotForSale, step: PPM): LotForSale {
  const one = BigInt(PPM_ONE);
  const raised = (lot.reserve * (one + BigInt(step)) + one - 1n) / one;
  return { ...lot, reserve: raised < lot.maxReserve ? raised : lot.maxReserve };
}

function close(batch: Batch): AuctionStep {
  const unsold = batch.lots.map(({ task }) => task);
  return {
    state: { ...batchOf(batch), phase: "Closed", unsold },
    effects: [{ kind: "closed", unsold }],
  };
}

function withEffects(
  before: readonly AuctionEffect[],
  { state, effects }: AuctionStep,
): AuctionStep {
  return { state, effects: [...before, ...effects] };
}

function batchOf(state: Batch): Batch {
  const { broker, job, program, powers, sequence, lots, bidders, deadline, config } = state;
  const { dryRounds } = state;
  return { broker, job, program, powers, sequence, lots, bidders, deadline, config, dryRounds };
}
