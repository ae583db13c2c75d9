// Bids for work: looks at every announcement that admits this node, seals a truthful bid, opens it when called.

import { randomBytes } from "node:crypto";
import { type BidEvent, type BidState, sealBid, stepBid, truthfulBid } from "@foldmesh/market";
import {
  type AuctionAnnouncement,
  type BidReveal,
  type CIDText,
  type Lease,
  type Lot,
  type Offer,
  type PeerId,
  type Role,
  type SignedMessage,
  type TaskKind,
  type Time,
  bytesToHex,
} from "@foldmesh/protocol";
import type { Notice } from "../board.ts";
import type { Context } from "../context.ts";
import { messageOf } from "../errors.ts";
import type { Speedometer } from "./speedometer.ts";

/** What a bidder asks of the worker it bids for. */
export interface Desk {
  /** leases that there is room for now */
  readonly free: () => number;
  readonly onBid: (job: CIDText, broker: PeerId) => void;
}

interface Bid {
  readonly broker: PeerId;
  readonly announcement: AuctionAnnouncement;
  readonly offers: readonly Offer[];
  /** lots that it may win, or has won */
  promised: number;
  /** leases that have come of it; they may come before the award does */
  taken: number;
  /** when its lots are given up, by this node's clock, since the broker's may differ */
  until: Time;
  state: BidState;
}

const WORK_OF: Readonly<Record<Role, readonly TaskKind[]>> = {
  prover: ["prove"],
  aggregator: ["merge", "compress"],
  broker: [],
  validator: [],
  light: [],
};

/** How long an award may take beyond its windows, and then a lease beyond its award, before others are bid for. */
const AFTERMATH_MS = 2_000;
const LEASE_MS = 10_000;
/** How much longer a bid is remembered, for what comes late all the same. */
const MEMORY_MS = 60_000;
/** Clocks of brokers may differ by this much; older announcements are replays. */
const MAX_SKEW_MS = 600_000;
const MAX_BIDS = 1024;

export class Bidder {
  readonly #context: Context;
  readonly #speed: Speedometer;
  readonly #desk: Desk;
  readonly #bids = new Map<CIDText, Bid>();

  constructor(context: Context, speed: Speedometer, desk: Desk) {
    this.#context = context;
    this.#speed = speed;
    this.#desk = desk;
  }

  onNotice(notice: Notice): void {
    switch (notice.kind) {
      case "AuctionAnnouncement":
        return this.#onAnnouncement(notice);
      case "RevealCall": {
        const { auction } = notice.content;
        return this.#step(notice.sender, { kind: "revealsCalled", auction });
      }
      case "Award": {
        const { auction, lots } = notice.content;
        return this.#step(notice.sender, { kind: "awarded", auction, lots });
      }
      default:
        return;
    }
  }

  /** The lot of a lease that this node bid for, at its price or better; it then counts as taken. */
  take(lease: Lease, broker: PeerId): Lot | undefined {
    for (const bid of this.#bids.values()) {
      if (bid.broker !== broker || bid.announcement.job !== lease.job) continue;
      const { lots } = bid.announcement;
      const at = lots.findIndex(({ task, epoch }) => task === lease.task && epoch === lease.epoch);
      const offer = bid.offers.find((each) => each.lot === at);
      if (offer === undefined || lease.price < offer.price) continue;
      bid.taken++;
      return lots[at];
    }
    return undefined;
  }

  #onAnnouncement({ id, sender, content }: SignedMessage<"AuctionAnnouncement">): void {
    const { network, emit, now, watcher, powers } = this.#context;
    const isPossible = powers.keyOf(content.powers) !== undefined;
    const isAdmitted = content.bidders.some(({ peer }) => peer === network.peer);
    const isReplay = this.#bids.has(id) || content.revealBy + MAX_SKEW_MS < now();
    if (!isAdmitted || !isPossible || isReplay || watcher.isConvicted(sender)) return;
    this.#forgetOld();
    this.#closeFormer(sender, content);
    const bid = this.#bidFor(id, content);
    if (bid === undefined) return;
    const { state, commitment } = sealBid(network.peer, bid);
    const { offers, capacity } = bid;
    const until = now() + 2 * (content.revealBy - content.commitBy) + AFTERMATH_MS;
    const open = {
      broker: sender,
      announcement: content,
      offers,
      promised: capacity,
      taken: 0,
      until,
    };
    this.#bids.set(id, { ...open, state });
    emit({ kind: "bid", auction: id, job: content.job, lots: offers.length, capacity });
    this.#post("BidCommit", { auction: id, commitment });
    this.#desk.onBid(content.job, sender);
  }

  #bidFor(auction: CIDText, announcement: AuctionAnnouncement): BidReveal | undefined {
    const { ask, overheadMs } = this.#context.workerConfig;
    const costs = { ask, capacity: this.#room(), constraintsPerSecond: this.#speed.value };
    const bid = truthfulBid(auction, announcement, costs, bytesToHex(randomBytes(32)));
    const offers = bid?.offers.flatMap((offer) => this.#feasible(announcement, offer, overheadMs));
    if (bid === undefined || offers === undefined || offers.length === 0) return undefined;
    return { ...bid, offers, capacity: Math.min(bid.capacity, offers.length) };
  }

  /** The offer with the time it really takes, when it is work of this node's roles and can be done in time. */
  #feasible({ lots }: AuctionAnnouncement, offer: Offer, overheadMs: number): readonly Offer[] {
    const lot = lots[offer.lot]!;
    const duration = offer.duration + overheadMs;
    const isOurs = this.#context.roles.some((role) => WORK_OF[role].includes(lot.kind));
    return isOurs && duration <= lot.maxDuration ? [{ ...offer, duration }] : [];
  }

  #room(): number {
    const now = this.#context.now();
    const promised = this.#bids.values().reduce((sum, bid) => sum + openLots(bid, now), 0);
    return this.#desk.free() - promised;
  }

  #step(broker: PeerId, event: BidEvent): void {
    const bid = this.#bids.get(event.auction);
    if (bid?.broker !== broker) return; // nobody else's word counts in an auction
    if (event.kind === "awarded" && bid.state.phase === "Committed") bid.promised = 0; // it came too late
    const { state, effects } = stepBid(this.#context.network.peer, bid.state, event);
    if (state === bid.state) return;
    bid.state = state;
    for (const { content } of effects) this.#post("BidReveal", content);
    if (state.phase !== "Won" && state.phase !== "Lost") return;
    bid.promised = state.phase === "Won" ? state.lots.length : 0;
    bid.until = this.#context.now() + LEASE_MS;
    this.#context.emit({ kind: "bid-ended", auction: event.auction, won: bid.promised });
  }

  /** What is announced again found no buyer: nothing more comes of the bids before. */
  #closeFormer(broker: PeerId, { job, lots }: AuctionAnnouncement): void {
    const again = new Set(lots.map(({ task, epoch }) => `${task}/${epoch}`));
    for (const bid of this.#bids.values()) {
      if (bid.broker !== broker || bid.announcement.job !== job) continue;
      const isAgain = bid.announcement.lots.some(({ task, epoch }) =>
        again.has(`${task}/${epoch}`),
      );
      if (isAgain && bid.state.phase !== "Won") bid.promised = 0;
    }
  }

  #forgetOld(): void {
    const now = this.#context.now();
    for (const [auction, { until }] of this.#bids) {
      if (until + MEMORY_MS <= now || this.#bids.size > MAX_BIDS) this.#bids.delete(auction);
    }
  }

  #post(...args: Parameters<Context["board"]["post"]>): void {
    const { board, emit, stopping } = this.#context;
    board.post(...args).catch((error: unknown) => {
      if (stopping.aborted) return;
      emit({ kind: "handler-failed", where: `posting a ${args[0]}`, error: messageOf(error) });
    });
  }
}

/** Lots of a bid that may still turn into leases. */
const openLots = ({ until, promised, taken }: Bid, now: Time): number =>
  until > now ? Math.max(0, promised - taken) : 0;
