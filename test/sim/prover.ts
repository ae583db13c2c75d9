// A prover or aggregator: bids for lots, holds leases, proves step by step, hands over checkpoints, delivers, and sometimes lies.

import { type HolderState, holdNothing, stepHolder } from "@foldmesh/jobs";
import { type BidState, sealBid, stepBid, truthfulBid } from "@foldmesh/market";
import type { AuctionAnnouncement, AwardedLot, CIDText, Hex32, Lease } from "@foldmesh/protocol";
import type { Candidate } from "./candidate.ts";
import type { Truth } from "./truth.ts";
import { Machine, type Wire, unsigned } from "./wire.ts";

/** Steps between two checkpoints. */
export const INTERVAL = 3;
const RETRY_MS = 1_000;

export interface Character {
  readonly stepMs: number;
  readonly ask: bigint;
  readonly capacity: number;
  /** chance that a node or a checkpoint it makes is bad, or that it disputes a good one */
  readonly deceit: number;
  /** goes on after its lease is gone, and delivers late */
  readonly zombie: boolean;
  /** signs two commits, or never opens its bid */
  readonly bids: "well" | "twice" | "sealed";
}

interface Bid {
  state: BidState;
  promised: number;
  until: number;
}

export class Prover extends Machine {
  readonly character: Character;
  readonly #wire: Wire;
  readonly #truth: Truth;
  #holder: HolderState;
  #bids = new Map<CIDText, Bid>();
  #salt = 0;

  constructor(name: string, skew: number, character: Character, wire: Wire, truth: Truth) {
    super(name, skew);
    this.character = character;
    this.#wire = wire;
    this.#truth = truth;
    this.#holder = holdNothing(character.capacity);
  }

  crash(): void {
    this.life++;
    this.#holder = holdNothing(this.character.capacity);
    this.#bids = new Map();
  }

  // ---- auctions

  onAnnouncement(broker: Candidate, auction: CIDText, content: AuctionAnnouncement): void {
    if (this.#bids.has(auction)) return;
    const costs = {
      ask: this.character.ask,
      constraintsPerSecond: Math.ceil(150_000 / this.character.stepMs),
      capacity: this.#room(),
    };
    const bid = truthfulBid(auction, content, costs, this.#newSalt());
    if (bid === undefined) return;
    const { state, commitment } = sealBid(this.id, bid);
    const until = this.#wire.agenda.now + 2_500;
    this.#bids.set(auction, { state, promised: bid.capacity, until });
    this.#commit(broker, auction, commitment);
    if (this.character.bids === "twice") this.#commit(broker, auction, "00".repeat(32));
  }

  onRevealCall(broker: Candidate, auction: CIDText): void {
    if (this.character.bids === "sealed") return;
    for (const content of this.#stepBid(auction, { kind: "revealsCalled", auction })) {
      const message = unsigned(this.id, "BidReveal", content);
      this.#wire.send(this, broker, () => broker.onBid({ kind: "reveal", message }));
    }
  }

  onAward(auction: CIDText, lots: readonly AwardedLot[]): void {
    this.#stepBid(auction, { kind: "awarded", auction, lots });
    const bid = this.#bids.get(auction);
    if (bid === undefined) return;
    bid.promised = bid.state.phase === "Won" ? bid.state.lots.length : 0;
  }

  #commit(broker: Candidate, auction: CIDText, commitment: Hex32): void {
    const message = unsigned(this.id, "BidCommit", { auction, commitment });
    this.#wire.send(this, broker, () => broker.onBid({ kind: "commit", message }));
  }

  #stepBid(auction: CIDText, event: Parameters<typeof stepBid>[2]) {
    const bid = this.#bids.get(auction);
    if (bid === undefined) return [];
    const { state, effects } = stepBid(this.id, bid.state, event);
    bid.state = state;
    return effects.map(({ content }) => content);
  }

  /** Slots that are neither held nor promised; bids of long ago are forgotten. */
  #room(): number {
    const { now } = this.#wire.agenda;
    let promised = 0;
    for (const [auction, bid] of this.#bids) {
      if (bid.until > now) promised += bid.promised;
      else this.#bids.delete(auction);
    }
    return Math.max(0, this.#holder.capacity - this.#holder.held.length - promised);
  }

  #newSalt(): Hex32 {
    return (this.#salt++).toString(16).padStart(64, "0");
  }

  // ---- leases

  /** @returns what the broker is told at once: overload gives a refusal, not a timeout */
  onLease(broker: Candidate, lease: Lease): "taken" | "refused" {
    if (this.#holder.held.some((each) => isSame(each, lease))) return "taken";
    const { state, effects } = stepHolder(this.#holder, { kind: "offered", lease });
    this.#holder = state;
    const isOver = state.held.length > state.capacity;
    this.#truth.check(!isOver, `${this.id} holds more than it can carry`);
    for (const effect of effects) if (effect.kind === "start") this.#begin(broker, effect.lease);
    return effects.some(({ kind }) => kind === "refuse") ? "refused" : "taken";
  }

  onRevoked(job: CIDText, task: string, epoch: number): void {
    this.#holder = stepHolder(this.#holder, { kind: "revoked", job, task, epoch }).state;
  }

  onJobOver(job: CIDText): void {
    this.#holder = stepHolder(this.#holder, { kind: "jobOver", job }).state;
  }

  #isHeld(lease: Lease): boolean {
    return this.character.zombie || this.#holder.held.some((each) => isSame(each, lease));
  }

  #begin(broker: Candidate, lease: Lease): void {
    const { resume } = lease;
    if (resume !== undefined) {
      const { valid, holders } = this.#truth.node(resume.node);
      const isThere = [...holders].some((each) => this.#wire.reaches(this, each));
      const isLie = this.#wire.agenda.chance(this.character.deceit / 4);
      if (!isThere || !valid || isLie) return this.#giveBack(broker, lease);
    }
    const isShard = lease.kind === "prove";
    const start = resume?.done.end ?? lease.range.start;
    this.#prove(broker, lease, isShard ? start : lease.range.end - 1, INTERVAL);
  }

  #giveBack(broker: Candidate, lease: Lease): void {
    this.#finish(lease);
    this.#wire.send(this, broker.leader(), () => broker.leader().onRefusal(this, lease));
  }

  #finish({ job, task, epoch }: Lease): void {
    this.#holder = stepHolder(this.#holder, { kind: "finished", job, task, epoch }).state;
  }

  /** One step at a time: progress, a checkpoint every few steps, a delivery at the end. A merge is a single step. */
  #prove(broker: Candidate, lease: Lease, done: number, untilCheckpoint: number): void {
    const { agenda } = this.#wire;
    this.#wire.after(this, this.character.stepMs * (0.5 + agenda.random()), () => {
      if (!this.#isHeld(lease)) return;
      const next = done + 1;
      if (next === lease.range.end) return this.#deliver(broker, lease);
      const isCheckpoint = untilCheckpoint === 1;
      if (isCheckpoint) this.#checkpoint(broker, lease, next);
      else {
        const to = broker.leader();
        this.#wire.send(this, to, () => to.onProgress(this, lease, next));
      }
      this.#prove(broker, lease, next, isCheckpoint ? INTERVAL : untilCheckpoint - 1);
    });
  }

  #checkpoint(broker: Candidate, lease: Lease, done: number): void {
    const range = { start: lease.range.start, end: done };
    const base = lease.resume === undefined || this.#truth.node(lease.resume.node).valid;
    const valid = base && !this.#wire.agenda.chance(this.character.deceit);
    const node = this.#truth.newNode(this, range, valid, []);
    const to = broker.leader();
    const name = `${lease.job}/${lease.task}@${lease.epoch}`;
    const { sentCheckpoints: sent } = this.#truth;
    sent.set(name, (sent.get(name) ?? 0) + 1);
    this.#wire.send(this, to, () => to.onCheckpoint(this, lease, done, node));
  }

  #deliver(broker: Candidate, lease: Lease): void {
    const below = lease.kind === "prove" ? [] : lease.inputs.map((cid) => this.#truth.node(cid));
    const valid =
      below.every((node) => node.valid) && !this.#wire.agenda.chance(this.character.deceit);
    const parts = below.flatMap((node) => node.parts);
    const node = this.#truth.newNode(this, lease.range, valid, parts, lease.task);
    this.#insist(broker, lease, node, 60);
  }

  /** Until the broker says that it has it, or the lease is gone. */
  #insist(broker: Candidate, lease: Lease, node: CIDText, tries: number): void {
    let isHeard = false;
    const to = broker.leader();
    this.#wire.send(this, to, () => {
      if (to.onDelivery(this, lease, node)) this.#wire.send(to, this, () => (isHeard = true));
    });
    this.#wire.after(this, RETRY_MS, () => {
      if (isHeard || tries === 0 || !this.#isHeld(lease)) this.#finish(lease);
      else this.#insist(broker, lease, node, tries - 1);
    });
  }
}

const isSame = (a: Lease, b: Lease): boolean =>
  a.job === b.job && a.task === b.task && a.epoch === b.epoch;
