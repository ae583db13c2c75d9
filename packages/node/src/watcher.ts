// Looks over everybody's shoulder: who signs two different things for one slot, or awards an auction otherwise than its bids
// say, has proved it against himself.

import { createWatch, verifyAward, wrongAward } from "@foldmesh/market";
import {
  type AnyMessage,
  type CIDText,
  type Evidence,
  type PeerId,
  type SignedMessage,
  contradicts,
  equivocation,
} from "@foldmesh/protocol";
import type { Board, Notice } from "./board.ts";
import type { NodeEvent } from "./events.ts";
import type { Archive } from "./evidence/archive.ts";
import { isProven } from "./evidence/check-record.ts";

export interface Watcher {
  /** Whether there is evidence against a peer: nothing is taken from it and nothing given to it. */
  isConvicted(peer: PeerId): boolean;
  /** A message that came otherwise than by gossip; evidence that it brings is told to everybody. */
  onTold(notice: Notice): void;
  /** Two messages that one peer signed for one slot. */
  onContradiction(one: AnyMessage, two: AnyMessage): void;
  /** A node that this broker found wrong: kept with its blobs, and told. */
  onWrongNode(evidence: Evidence, blobs: readonly Uint8Array[]): void;
}

export interface WatcherInit {
  readonly board: Board;
  readonly archive: Archive;
  readonly emit: (event: NodeEvent) => void;
}

interface Seen {
  readonly announcement: SignedMessage<"AuctionAnnouncement">;
  readonly reveals: Map<PeerId, SignedMessage<"BidReveal">>;
}

const SLOTS = 8192;
const AUCTIONS = 256;
/** Whoever likes can convict keys of his own: the oldest are forgotten. */
const CONVICTED = 65_536;

export function createWatcher(init: WatcherInit): Watcher {
  const watching = new Watching(init);
  init.board.listen((notice) => watching.onNotice(notice));
  return {
    isConvicted: (peer) => watching.convicted.has(peer),
    onTold: (notice) => watching.onTold(notice),
    onContradiction: (one, two) => watching.onContradiction(one, two),
    onWrongNode: (evidence, blobs) => watching.publish(evidence, blobs),
  };
}

class Watching {
  readonly convicted = new Set<PeerId>();
  readonly #init: WatcherInit;
  readonly #auctions = new Map<CIDText, Seen>();
  readonly #slots = createWatch(SLOTS);

  constructor(init: WatcherInit) {
    this.#init = init;
  }

  onNotice(notice: Notice): void {
    if (notice.kind === "Evidence") return void this.#judge(notice);
    const evidence = this.#slots.see(notice);
    if (evidence !== undefined) this.#convictBy(evidence);
    this.#followAuction(notice);
  }

  onTold(notice: Notice): void {
    if (notice.kind === "Evidence") void this.#judge(notice, true);
    else this.onNotice(notice);
  }

  onContradiction(one: AnyMessage, two: AnyMessage): void {
    if (contradicts(one, two)) this.#convictBy(equivocation(one, two));
  }

  #followAuction(notice: Notice): void {
    switch (notice.kind) {
      case "AuctionAnnouncement": {
        this.#auctions.set(notice.id, { announcement: notice, reveals: new Map() });
        const [oldest] = this.#auctions.keys();
        if (this.#auctions.size > AUCTIONS && oldest !== undefined) this.#auctions.delete(oldest);
        return;
      }
      case "BidReveal": {
        const seen = this.#auctions.get(notice.content.auction);
        const isBidder = seen?.announcement.content.bidders.some(
          ({ peer }) => peer === notice.sender,
        );
        if (isBidder) seen?.reveals.set(notice.sender, notice); // nobody else's can be counted
        return;
      }
      case "Award":
        return this.#audit(notice);
      default:
    }
  }

  #audit(award: SignedMessage<"Award">): void {
    const seen = this.#auctions.get(award.content.auction);
    if (seen === undefined || seen.announcement.sender !== award.sender) return;
    const reveals = [...seen.reveals.values()];
    if (verifyAward(seen.announcement, reveals, award).kind !== "wrong") return;
    this.#convictBy(wrongAward(seen.announcement, reveals, award));
  }

  /** Somebody else's evidence, checked when it came: what shows only with blobs convinces only who has them. */
  async #judge(message: SignedMessage<"Evidence">, isNews = false): Promise<void> {
    const { content } = message;
    if (this.convicted.has(content.accused)) return;
    if (!(await isProven(content)) || !this.#convict(content)) return;
    this.#keep(message, []);
    if (isNews) this.#post(content);
  }

  /** By what this node has seen itself. */
  #convictBy(evidence: Evidence): void {
    if (this.#convict(evidence)) this.publish(evidence, []);
  }

  /** @returns whether that is new */
  #convict({ accused, charge }: Evidence): boolean {
    if (this.convicted.has(accused)) return false;
    this.convicted.add(accused);
    const [oldest] = this.convicted;
    if (this.convicted.size > CONVICTED && oldest !== undefined) this.convicted.delete(oldest);
    this.#init.emit({ kind: "evidence", accused, charge });
    return true;
  }

  publish(evidence: Evidence, blobs: readonly Uint8Array[]): void {
    this.#post(evidence, (message) => this.#keep(message, blobs));
  }

  #post(evidence: Evidence, then: (message: SignedMessage<"Evidence">) => void = () => {}): void {
    const { board, emit } = this.#init;
    board.post("Evidence", evidence).then(then, (error: unknown) => {
      emit({ kind: "handler-failed", where: "posting Evidence", error });
    });
  }

  #keep(message: SignedMessage<"Evidence">, blobs: readonly Uint8Array[]): void {
    const { archive, emit } = this.#init;
    archive.keep(message, blobs).catch((error: unknown) => {
      emit({ kind: "handler-failed", where: "keeping Evidence", error });
    });
  }
}
