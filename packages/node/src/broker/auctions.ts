// All auctions of one job: the pure machines of market, with their clocks and their messages.

import {
  AUCTION_DEFAULTS,
  type AuctionEffect,
  type AuctionEvent,
  type AuctionFault,
  type AuctionState,
  type LotForSale,
  type SoldLot,
  auctionWake,
  openAuction,
  stepAuction,
} from "@foldmesh/market";
import type { JobLot } from "@foldmesh/jobs";
import {
  type AuctionAnnouncement,
  type CIDText,
  MAX_LOTS,
  type PeerId,
  type ProofRequest,
  type Role,
} from "@foldmesh/protocol";
import { type Alarm, createAlarm } from "../alarm.ts";
import type { Notice } from "../board.ts";
import type { Context } from "../context.ts";
import type { Roster } from "./roster.ts";

export interface AuctionsInit {
  readonly context: Context;
  readonly roster: Roster;
  readonly job: CIDText;
  readonly request: ProofRequest;
  /** of the job's leader: no two announcements of one broker for one job have the same number */
  readonly term: () => number;
  readonly onOpened: (auction: CIDText, content: AuctionAnnouncement) => void;
  readonly onSold: (auction: CIDText, sold: readonly SoldLot[]) => void;
  readonly onUnsold: (lots: readonly { readonly task: string; readonly epoch: number }[]) => void;
  readonly onFault: (peer: PeerId, fault: AuctionFault) => void;
}

interface Auction {
  state: AuctionState;
  readonly role: Role;
  readonly exclude: readonly PeerId[];
  readonly alarm: Alarm;
  readonly epochs: ReadonlyMap<string, number>;
}

/** Room in the numbering of announcements for the rounds of one auction. */
const ROUNDS = 1_000_000;
/** How long lots wait for others to be auctioned with them. */
const GATHER_MS = 10;
/** Room for the auctions of one term. */
const AUCTIONS = 100_000;

export class Auctions {
  readonly #init: AuctionsInit;
  readonly #open = new Set<Auction>();
  readonly #byName = new Map<CIDText, Auction>();
  readonly #endings: readonly (() => void)[];
  #opened = 0;
  #waiting: { readonly lots: readonly JobLot[]; readonly exclude: readonly PeerId[] } | undefined;
  #gathering: NodeJS.Timeout | undefined;

  constructor(init: AuctionsInit) {
    this.#init = init;
    this.#endings = [
      init.context.board.listen((notice) => this.#onNotice(notice)),
      init.roster.onChange(() => this.#onRoster()),
    ];
  }

  /**
   * Shards go to provers, merges and compression to aggregators: one auction for each. Lots that come one right after the
   * other, as those ahead of a batch of awards do, are auctioned together.
   */
  open(lots: readonly JobLot[], exclude: readonly PeerId[]): void {
    const waiting = this.#waiting;
    this.#waiting = { lots: [...(waiting?.lots ?? []), ...lots], exclude };
    if (waiting === undefined) this.#gathering = setTimeout(() => this.#openAll(), GATHER_MS);
  }

  #openAll(): void {
    const { lots, exclude } = this.#waiting!;
    this.#waiting = undefined;
    const isShard = ({ kind }: JobLot): boolean => kind === "prove";
    const batches = [lots.filter(isShard), lots.filter((lot) => !isShard(lot))];
    batches.forEach((batch, i) => {
      for (let at = 0; at < batch.length; at += MAX_LOTS) {
        this.#openFor(i === 0 ? "prover" : "aggregator", batch.slice(at, at + MAX_LOTS), exclude);
      }
    });
  }

  /** Ends the auction of a task when nothing else is sold in it; else its winner will get no lease. */
  cancel(task: string): void {
    const { lots: waiting = [], exclude = [] } = this.#waiting ?? {};
    if (waiting.length > 0) {
      this.#waiting = { lots: waiting.filter((lot) => lot.task !== task), exclude };
    }
    for (const auction of this.#open) {
      const { lots } = auction.state;
      if (lots.length === 1 && lots[0]?.task === task) this.#step(auction, { kind: "cancel" });
    }
  }

  /** Somebody may have room again: lots that wait for their next round are announced at once. */
  wake(): void {
    for (const auction of this.#open) this.#step(auction, { kind: "wake" });
  }

  close(): void {
    clearTimeout(this.#gathering);
    this.#endings.forEach((end) => end());
    for (const { alarm } of this.#open) alarm.clear();
    this.#open.clear();
    this.#byName.clear();
  }

  #openFor(role: Role, lots: readonly JobLot[], exclude: readonly PeerId[]): void {
    if (lots.length === 0) return;
    const { context, roster, job, request, term } = this.#init;
    const { now, network, brokerConfig } = context;
    const init = {
      broker: network.peer,
      job,
      program: request.program,
      powers: request.powers,
      sequence: (term() * AUCTIONS + this.#opened++) * ROUNDS,
      lots: lots as readonly LotForSale[],
      bidders: roster.bidders(role, request, exclude),
      deadline: request.deadline,
      config: { ...AUCTION_DEFAULTS, ...brokerConfig.auction },
    };
    const { state, effects } = openAuction(init, now());
    const alarm = createAlarm(now, () => this.#step(auction, { kind: "tick" }));
    const epochs = new Map(lots.map(({ task, epoch }) => [task, epoch]));
    const auction: Auction = { state, role, exclude, alarm, epochs };
    this.#open.add(auction);
    this.#perform(auction, effects);
  }

  #onNotice(notice: Notice): void {
    if (notice.kind !== "BidCommit" && notice.kind !== "BidReveal") return;
    const auction = this.#byName.get(notice.content.auction);
    if (auction === undefined) return;
    if (notice.kind === "BidCommit") this.#step(auction, { kind: "commit", message: notice });
    else this.#step(auction, { kind: "reveal", message: notice });
  }

  #onRoster(): void {
    const { roster, request } = this.#init;
    for (const auction of this.#open) {
      const bidders = roster.bidders(auction.role, request, auction.exclude);
      this.#step(auction, { kind: "bidders", bidders });
      this.#step(auction, { kind: "wake" });
    }
  }

  #step(auction: Auction, event: AuctionEvent): void {
    if (!this.#open.has(auction)) return;
    const { state, effects } = stepAuction(auction.state, event, this.#init.context.now());
    auction.state = state;
    this.#perform(auction, effects);
  }

  #perform(auction: Auction, effects: readonly AuctionEffect[]): void {
    auction.alarm.set(auctionWake(auction.state));
    for (const effect of effects) this.#performOne(auction, effect);
  }

  #performOne(auction: Auction, effect: AuctionEffect): void {
    const { context, onOpened, onSold, onUnsold, onFault } = this.#init;
    switch (effect.kind) {
      case "announce":
        this.#byName.set(effect.auction, auction);
        onOpened(effect.auction, effect.content);
        return this.#post("AuctionAnnouncement", effect.content);
      case "callReveals":
        return this.#post("RevealCall", effect.content);
      case "award":
        this.#post("Award", effect.content);
        return onSold(effect.content.auction, effect.sold);
      case "blame": {
        const { peer, fault } = effect;
        context.emit({ kind: "bid-fault", job: this.#init.job, peer, fault });
        return onFault(peer, fault);
      }
      case "evidence":
        context.emit({ kind: "evidence", ...effect.content });
        return this.#post("Evidence", effect.content);
      case "closed":
        this.#open.delete(auction);
        return onUnsold(
          effect.unsold.map((task) => ({ task, epoch: auction.epochs.get(task) ?? 0 })),
        );
      case "refuse": // a late or odd message: its sender sees from the award that it did not count
    }
  }

  #post(...args: Parameters<Context["board"]["post"]>): void {
    const { board, emit, stopping } = this.#init.context;
    board.post(...args).catch((error: unknown) => {
      if (!stopping.aborted) emit({ kind: "handler-failed", where: `posting ${args[0]}`, error });
    });
  }
}
