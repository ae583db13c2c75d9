// A candidate's auctions: market's pure machines with virtual clocks and messages.

import type { JobEvent, JobInit, JobLot } from "@foldmesh/jobs";
import {
  AUCTION_DEFAULTS,
  type AuctionEffect,
  type AuctionEvent,
  type AuctionState,
  auctionWake,
  openAuction,
  stepAuction,
} from "@foldmesh/market";
import type { CIDText, PeerId } from "@foldmesh/protocol";
import type { Agenda } from "./agenda.ts";
import type { Candidate } from "./candidate.ts";
import type { Prover } from "./prover.ts";
import type { Truth } from "./truth.ts";
import type { Wire } from "./wire.ts";

/** What everybody lives in. */
export interface Town {
  readonly agenda: Agenda;
  readonly wire: Wire;
  readonly truth: Truth;
  readonly provers: ReadonlyMap<PeerId, Prover>;
  /** bidders admitted to one auction */
  readonly bidders: number;
  /** chance that a bad node passes its own verification */
  readonly missed: number;
  checkRoot(init: JobInit, root: CIDText): void;
}

interface Auction {
  state: AuctionState;
  readonly epochs: ReadonlyMap<string, number>;
  readonly bidders: readonly Prover[];
  wakeAt: number | undefined;
}

type Bid = Extract<AuctionEvent, { kind: "commit" | "reveal" }>;

export class Sales {
  readonly #broker: Candidate;
  readonly #town: Town;
  readonly #init: JobInit;
  readonly #feed: (event: JobEvent) => void;
  readonly #open = new Set<Auction>();
  readonly #byName = new Map<CIDText, Auction>();
  readonly #life: number;
  #opened = 0;

  constructor(broker: Candidate, town: Town, init: JobInit, feed: (event: JobEvent) => void) {
    this.#broker = broker;
    this.#town = town;
    this.#init = init;
    this.#feed = feed;
    this.#life = broker.life;
  }

  open(lots: readonly JobLot[], exclude: readonly PeerId[]): void {
    const { agenda, provers, wire } = this.#town;
    const admitted = [...provers.values()].filter(({ id }) => !exclude.includes(id));
    const bidders = new Set<Prover>();
    while (bidders.size < Math.min(this.#town.bidders, admitted.length))
      bidders.add(agenda.pick(admitted));
    const { state, effects } = openAuction(
      {
        broker: this.#broker.id,
        job: this.#init.job,
        program: this.#init.job,
        sequence: (this.#broker.term * 1_000 + this.#opened++) * 1_000,
        lots,
        bidders: [...bidders].map(({ id }) => ({ peer: id, reputation: 500_000 })),
        deadline: this.#init.deadline,
        config: AUCTION_DEFAULTS,
      },
      wire.clock(this.#broker),
    );
    const epochs = new Map(lots.map(({ task, epoch }) => [task, epoch]));
    const auction: Auction = { state, epochs, bidders: [...bidders], wakeAt: undefined };
    this.#open.add(auction);
    this.#perform(auction, effects);
  }

  cancel(task: string): void {
    for (const auction of this.#open) {
      const { lots } = auction.state;
      if (lots.length === 1 && lots[0]?.task === task) this.#step(auction, { kind: "cancel" });
    }
  }

  onBid(event: Bid): void {
    const auction = this.#byName.get(event.message.content.auction);
    if (auction !== undefined) this.#step(auction, event);
  }

  #step(auction: Auction, event: AuctionEvent): void {
    if (!this.#open.has(auction) || this.#life !== this.#broker.life) return;
    const now = this.#town.wire.clock(this.#broker);
    const { state, effects } = stepAuction(auction.state, event, now);
    auction.state = state;
    this.#perform(auction, effects);
  }

  #perform(auction: Auction, effects: readonly AuctionEffect[]): void {
    const wake = auctionWake(auction.state);
    for (const effect of effects) this.#performOne(auction, effect);
    if (wake === undefined || wake === auction.wakeAt) return;
    auction.wakeAt = wake;
    const { wire } = this.#town;
    wire.after(this.#broker, Math.max(0, wake - wire.clock(this.#broker)), () => {
      if ((auctionWake(auction.state) ?? Infinity) <= wire.clock(this.#broker))
        this.#step(auction, { kind: "tick" });
    });
  }

  #performOne(auction: Auction, effect: AuctionEffect): void {
    switch (effect.kind) {
      case "announce": {
        const { auction: name, content } = effect;
        this.#byName.set(name, auction);
        return this.#tell(auction, (bidder) => bidder.onAnnouncement(this.#broker, name, content));
      }
      case "callReveals": {
        const name = effect.content.auction;
        return this.#tell(auction, (bidder) => bidder.onRevealCall(this.#broker, name));
      }
      case "award": {
        const { auction: name, lots } = effect.content;
        this.#tell(auction, (bidder) => bidder.onAward(name, lots));
        for (const { task, epoch, peer, price, duration } of effect.sold)
          this.#feed({ kind: "awarded", task, epoch, peer, price, duration });
        return;
      }
      case "closed":
        this.#open.delete(auction);
        for (const task of effect.unsold)
          this.#feed({ kind: "unsold", task, epoch: auction.epochs.get(task) ?? 0 });
        return;
      case "blame":
      case "evidence":
        return this.#town.truth.count(effect.kind === "blame" ? effect.fault : "evidence");
      case "refuse":
    }
  }

  #tell(auction: Auction, what: (bidder: Prover) => void): void {
    for (const bidder of auction.bidders)
      this.#town.wire.send(this.#broker, bidder, () => what(bidder));
  }
}
