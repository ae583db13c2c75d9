// Bids for work: looks at every announcement that admits this node, seals a truthful bid, opens it when called.

import { randomBytes } from "node:crypto";
import { type BidEvent, type BidState, sealBid, stepBid, truthfulBid } from "@foldmesh/market";
import {
  type AuctionAnnouncement,
  type BidReveal,
  type CIDText,
  type Lease,
  type Lot,
  MAX_LOTS,
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
import { type Piece, needsNoSlot } from "./chain.ts";
import type { Patrons } from "./patrons.ts";
import type { Speedometer } from "./speedometer.ts";

/** What a bidder asks of the worker it bids for. */
export interface Desk {
  readonly patrons: Pick<Patrons, "deserves" | "onLapse">;
  /** leases that there is room for now */
  readonly free: () => number;
  /** leases that take the other slots */
  readonly held: () => readonly Piece[];
  /** whether memory and disk carry a lot beside what is held */
  readonly fits: (program: CIDText, lot: Lot) => boolean;
  readonly onBid: (job: CIDText, broker: PeerId) => void;
  /** who leads a broker's job now */
  readonly leaderOf: (job: CIDText, broker: PeerId) => PeerId;
}

interface Place {
  readonly job: CIDText;
  readonly task: string;
  readonly epoch: number;
}

interface Bid {
  readonly broker: PeerId;
  readonly announcement: AuctionAnnouncement;
  readonly offers: readonly Offer[];
  /** slots that it may take, until the award tells */
  claim: number;
  /** lots that were won and are still to become leases */
  won: readonly number[];
  /** lots whose leases have come, which may be before the award, and lots that were taken back */
  readonly gone: Set<number>;
  /** lots that were taken back: a lease that was on its way all the same is void */
  readonly released: Set<number>;
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

/** How long an award may take beyond its windows, and then a lease beyond its award, which may be of work ahead of its inputs. */
const AFTERMATH_MS = 2_000;
const LEASE_MS = 15_000;
/** How much longer a bid is remembered, for what comes late all the same. */
const MEMORY_MS = 60_000;
/** Clocks of brokers may differ by this much; older announcements are replays. */
const MAX_SKEW_MS = 600_000;
/** An announcement may come again until it is too old by this node's clock. */
const SEAL_MS = 2 * MAX_SKEW_MS + MEMORY_MS;
const MAX_BIDS = 1024;
/** The longest window of an auction in which this node takes part: its slots wait for the award. */
const MAX_WINDOW_MS = 30_000;

export class Bidder {
  readonly #context: Context;
  readonly #speed: Speedometer;
  readonly #desk: Desk;
  readonly #bids = new Map<CIDText, Bid>();
  /** auctions in which a bid was sealed, and when: two of them would be evidence against this node */
  readonly #sealed = new Map<CIDText, Time>();

  constructor(context: Context, speed: Speedometer, desk: Desk) {
    this.#context = context;
    this.#speed = speed;
    this.#desk = desk;
  }

  /** What it bid for in its last run. */
  async takeUp(): Promise<void> {
    const { keep, now } = this.#context;
    const { bids } = keep.rooms;
    for await (const [auction, at] of bids.entries()) {
      if (at + SEAL_MS < now()) await bids.remove(auction);
      else this.#sealed.set(auction, at);
    }
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

  /** The lot of a lease that this node bid for, of that work and at its price or better; it then counts as taken. */
  take(lease: Lease, broker: PeerId): Lot | undefined {
    const all = this.#bidsFor(lease, broker);
    const found = all.find(({ bid: { announcement, offers, released }, at }) => {
      const offer = offers.find((each) => each.lot === at);
      const isFair = offer !== undefined && lease.price >= offer.price && !released.has(at);
      const { lots, program } = announcement;
      return isFair && isOf(lease, lots[at]!) && lease.program === program;
    });
    if (found === undefined) return undefined;
    for (const { bid, at } of all) bid.gone.add(at);
    return found.bid.announcement.lots[found.at];
  }

  /** A lot that was won ahead of its inputs, or whose lease has not come yet, is taken back. */
  release(place: Place, broker: PeerId): void {
    for (const { bid, at } of this.#bidsFor(place, broker)) {
      bid.gone.add(at);
      bid.released.add(at);
    }
  }

  /** Somebody else leads a job: nothing comes of what the one before has awarded. */
  releaseJob(job: CIDText, isDeposed: (broker: PeerId) => boolean): void {
    for (const { broker, announcement, gone, released } of this.#bids.values()) {
      if (announcement.job !== job || !isDeposed(broker)) continue;
      for (const at of announcement.lots.keys()) {
        gone.add(at);
        released.add(at);
      }
    }
  }

  /** A lot that found no buyer is announced again: there may be several bids for it. */
  #bidsFor({ job, task, epoch }: Place, broker: PeerId): readonly { bid: Bid; at: number }[] {
    return [...this.#bids.values()].flatMap((bid) => {
      const sellers = [bid.broker, this.#desk.leaderOf(job, bid.broker)];
      if (bid.announcement.job !== job || !sellers.includes(broker)) return [];
      const { lots } = bid.announcement;
      const at = lots.findIndex((lot) => lot.task === task && lot.epoch === epoch);
      return at < 0 ? [] : [{ bid, at }];
    });
  }

  #onAnnouncement({ id, sender, content }: SignedMessage<"AuctionAnnouncement">): void {
    const { network, emit, now, watcher } = this.#context;
    const isAdmitted = content.bidders.some(({ peer }) => peer === network.peer);
    const isReplay = this.#sealed.has(id) || Math.abs(content.revealBy - now()) > MAX_SKEW_MS;
    const isSlow = content.revealBy - content.commitBy > MAX_WINDOW_MS;
    if (!isAdmitted || isReplay || isSlow || watcher.isConvicted(sender)) return;
    this.#forgetOld();
    if (!this.#desk.patrons.deserves(sender)) return;
    this.#closeFormer(sender, content);
    const room = this.#room();
    const bid = this.#bidFor(id, content, room);
    const { state, commitment } = sealBid(network.peer, bid);
    const { offers, capacity } = bid;
    const until = now() + 2 * (content.revealBy - content.commitBy) + AFTERMATH_MS;
    const claim = Math.min(Math.max(0, room), offers.length);
    const open = { broker: sender, announcement: content, offers, claim, until };
    this.#bids.set(id, { ...open, won: [], gone: new Set(), released: new Set(), state });
    this.#noteSealed(id);
    this.#post("BidCommit", { auction: id, commitment });
    if (offers.length === 0) return;
    emit({ kind: "bid", auction: id, job: content.job, lots: offers.length, capacity });
    this.#desk.onBid(content.job, sender);
  }

  /** Not waited for: an auction is quick, and a crash in this very moment unlikely. */
  #noteSealed(auction: CIDText): void {
    const { keep, now, emit, stopping } = this.#context;
    this.#sealed.set(auction, now());
    keep.rooms.bids.put(auction, now()).catch((error: unknown) => {
      if (!stopping.aborted) emit({ kind: "handler-failed", where: "writing down a bid", error });
    });
  }

  /** Of no offers when there is no room, or nothing that pays. */
  #bidFor(auction: CIDText, announcement: AuctionAnnouncement, room: number): BidReveal {
    const { powers, workerConfig } = this.#context;
    const { ask, overheadMs } = workerConfig;
    const isPossible = powers.keyOf(announcement.powers) !== undefined;
    const costs = { ask, capacity: MAX_LOTS, constraintsPerSecond: this.#speed.value };
    const salt = bytesToHex(randomBytes(32));
    const standing = this.#standing();
    const fits = ({ lot }: Offer): boolean =>
      isPossible &&
      this.#desk.fits(announcement.program, announcement.lots[lot]!) &&
      (room > 0 || needsNoSlot({ job: announcement.job, ...announcement.lots[lot]! }, standing));
    const offers = (truthfulBid(auction, announcement, costs, salt)?.offers ?? [])
      .flatMap((offer) => this.#feasible(announcement, offer, overheadMs))
      .filter(fits);
    return { auction, offers, capacity: room > 0 ? room : offers.length, salt };
  }

  /** The offer with the time it really takes, when it is work of this node's roles and can be done in time. */
  #feasible({ lots }: AuctionAnnouncement, offer: Offer, overheadMs: number): readonly Offer[] {
    const lot = lots[offer.lot]!;
    const duration = offer.duration + overheadMs;
    const isOurs = this.#context.roles.some((role) => WORK_OF[role].includes(lot.kind));
    return isOurs && duration <= lot.maxDuration ? [{ ...offer, duration }] : [];
  }

  /** Slots that nothing holds and nothing may come to hold. */
  #room(): number {
    const now = this.#context.now();
    const claims = this.#bids.values().reduce((sum, bid) => sum + claimOf(bid, now), 0);
    const standing = this.#standing();
    const own = this.#won().filter((lot) => !needsNoSlot(lot, standing));
    return Math.min(this.#desk.free() - claims - own.length, MAX_LOTS);
  }

  #standing(): readonly Piece[] {
    return [...this.#desk.held(), ...this.#won()];
  }

  #won(): readonly Piece[] {
    const now = this.#context.now();
    return [...this.#bids.values()].flatMap(({ announcement: { job, lots }, won, gone, until }) =>
      until > now ? won.filter((at) => !gone.has(at)).map((at) => ({ job, ...lots[at]! })) : [],
    );
  }

  #step(broker: PeerId, event: BidEvent): void {
    const bid = this.#bids.get(event.auction);
    if (bid?.broker !== broker) return; // nobody else's word counts in an auction
    if (event.kind === "awarded" && bid.state.phase === "Committed") bid.claim = 0; // it came too late
    const { state, effects } = stepBid(this.#context.network.peer, bid.state, event);
    if (state === bid.state) return;
    bid.state = state;
    for (const { content } of effects) this.#post("BidReveal", content);
    if (state.phase !== "Won" && state.phase !== "Lost") return;
    bid.claim = 0;
    bid.won = state.phase === "Won" ? state.lots : [];
    bid.until = this.#context.now() + LEASE_MS;
    if (bid.offers.length === 0) return;
    this.#context.emit({ kind: "bid-ended", auction: event.auction, won: bid.won.length });
  }

  /** What is announced again found no buyer: nothing more comes of the bids before. */
  #closeFormer(broker: PeerId, { job, lots }: AuctionAnnouncement): void {
    const again = new Set(lots.map(({ task, epoch }) => `${task}/${epoch}`));
    for (const bid of this.#bids.values()) {
      if (bid.broker !== broker || bid.announcement.job !== job) continue;
      const isAgain = bid.announcement.lots.some(({ task, epoch }) =>
        again.has(`${task}/${epoch}`),
      );
      if (isAgain) bid.claim = 0;
    }
  }

  #forgetOld(): void {
    const now = this.#context.now();
    for (const [auction, at] of this.#sealed) {
      if (at + SEAL_MS >= now) break; // the oldest stand first
      this.#sealed.delete(auction);
    }
    for (const [auction, bid] of this.#bids) {
      const { until, won, gone, broker } = bid;
      if (until <= now && won.some((at) => !gone.has(at))) {
        bid.won = [];
        this.#desk.patrons.onLapse(broker);
      }
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

/** Whether a lease is of the work that was announced: no more than that was bid for. */
function isOf({ kind, range, resume }: Lease, lot: Lot): boolean {
  const start = resume?.done.end ?? range.start;
  return kind === lot.kind && start === lot.range.start && range.end === lot.range.end;
}

/** What a bid may come to take before its award is known. */
const claimOf = ({ until, claim, gone }: Bid, now: Time): number =>
  until > now ? Math.max(0, claim - gone.size) : 0;
