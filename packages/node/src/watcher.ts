// Looks over everybody's shoulder: who signs two different things for one slot, or awards an auction otherwise than its bids
// say, has proved it against himself.

import {
  type WatchState,
  checkWrongAward,
  verifyAward,
  watch,
  watchNothingYet,
  wrongAward,
} from "@foldmesh/market";
import {
  type CIDText,
  type Evidence,
  type PeerId,
  ProtocolError,
  type SignedMessage,
  checkEquivocation,
  verifySignature,
} from "@foldmesh/protocol";
import type { Board, Notice } from "./board.ts";
import type { NodeEvent } from "./events.ts";

export interface Watcher {
  /** Whether there is evidence against a peer: nothing is taken from it and nothing given to it. */
  isConvicted(peer: PeerId): boolean;
}

export interface WatcherInit {
  readonly board: Board;
  readonly emit: (event: NodeEvent) => void;
  /** a peer passed on evidence that proves nothing */
  readonly onFalseCharge: (accuser: PeerId, reason: string) => void;
}

interface Seen {
  readonly announcement: SignedMessage<"AuctionAnnouncement">;
  readonly reveals: Map<PeerId, SignedMessage<"BidReveal">>;
}

const SLOTS = 8192;
const AUCTIONS = 256;

export function createWatcher(init: WatcherInit): Watcher {
  const watching = new Watching(init);
  init.board.listen((notice) => watching.onNotice(notice));
  return { isConvicted: (peer) => watching.convicted.has(peer) };
}

class Watching {
  readonly convicted = new Set<PeerId>();
  readonly #init: WatcherInit;
  readonly #auctions = new Map<CIDText, Seen>();
  #slots: WatchState = watchNothingYet(SLOTS);

  constructor(init: WatcherInit) {
    this.#init = init;
  }

  onNotice(notice: Notice): void {
    if (notice.kind === "Evidence") return void this.#judge(notice);
    const { state, evidence } = watch(this.#slots, notice);
    this.#slots = state;
    if (evidence !== undefined) this.#convict(evidence, true);
    this.#followAuction(notice);
  }

  #followAuction(notice: Notice): void {
    switch (notice.kind) {
      case "AuctionAnnouncement": {
        this.#auctions.set(notice.id, { announcement: notice, reveals: new Map() });
        const [oldest] = this.#auctions.keys();
        if (this.#auctions.size > AUCTIONS && oldest !== undefined) this.#auctions.delete(oldest);
        return;
      }
      case "BidReveal":
        return void this.#auctions.get(notice.content.auction)?.reveals.set(notice.sender, notice);
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
    this.#convict(wrongAward(seen.announcement, reveals, award), true);
  }

  /** Somebody else's evidence: the messages inside must prove it by themselves. */
  async #judge({ sender, content }: SignedMessage<"Evidence">): Promise<void> {
    if (this.convicted.has(content.accused)) return;
    try {
      if (content.charge === "equivocation") await checkEquivocation(verifySignature, content);
      else if (content.charge === "wrong-award") await checkWrongAward(verifySignature, content);
      else return; // a bad node takes its program and its lease to judge
      this.#convict(content, false);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#init.onFalseCharge(sender, error.message);
    }
  }

  #convict(evidence: Evidence, isOurs: boolean): void {
    const { accused, charge } = evidence;
    if (this.convicted.has(accused)) return;
    this.convicted.add(accused);
    const { board, emit } = this.#init;
    emit({ kind: "evidence", accused, charge });
    if (!isOurs) return;
    board.post("Evidence", evidence).catch((error: unknown) => {
      emit({ kind: "handler-failed", where: "posting Evidence", error });
    });
  }
}
