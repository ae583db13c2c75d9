// Money, reputation and receipts: what a job's outcome means for those who worked on it.

import {
  AUCTION_DEFAULTS,
  type AuctionFault,
  EMPTY_LEDGER,
  FAILURE,
  type LedgerEvent,
  type LedgerState,
  type Outcome,
  REPUTATION_DEFAULTS,
  compactLedger,
  stepLedger,
  successOutcome,
  totalOf,
} from "@foldmesh/market";
import type { BlameReason, JobEffect } from "@foldmesh/jobs";
import {
  type CIDText,
  type Money,
  PPM_ONE,
  type PeerId,
  type Range,
  type Receipt,
  type SignedMessage,
  openMessage,
  signMessage,
  verifySignature,
} from "@foldmesh/protocol";
import type { Change } from "@foldmesh/store";
import type { Context } from "../context.ts";
import { insist } from "./insist.ts";
import type { Standing } from "./standing.ts";

type Pay = Extract<JobEffect, { kind: "pay" }>;
type Blame = Extract<JobEffect, { kind: "blame" }>;

/** Cheating, against being slow or away. */
const CHEATING: readonly BlameReason[] = ["INVALID_NODE", "INVALID_CHECKPOINT", "FALSE_DISPUTE"];

/** A broker's accounts. */
export interface BooksStatus {
  readonly balances: readonly { readonly peer: PeerId; readonly amount: Money }[];
  /** set aside for jobs that are not over */
  readonly escrowed: Money;
}

/** The embedded ledger is this broker's own: until settlement on a chain, its deposits are made up when a job is taken. */
export class Books {
  readonly #context: Context;
  readonly #standing: Standing;
  #ledger: LedgerState;
  #rejecting: Promise<unknown> = Promise.resolve();

  private constructor(context: Context, standing: Standing, ledger: LedgerState) {
    this.#context = context;
    this.#standing = standing;
    this.#ledger = ledger;
  }

  /** The books as they were left, balances and open jobs written anew in place of all that led there. */
  static async open(context: Context, standing: Standing): Promise<Books> {
    const { keep, network } = context;
    const { ledger } = keep.rooms;
    let state = EMPTY_LEDGER;
    for await (const { event } of ledger.read(network.peer)) {
      state = stepLedger(state, event).state;
    }
    const compact = compactLedger(state);
    if (compact.length < (await ledger.length(network.peer))) {
      await keep.commit([ledger.removing(network.peer), ledger.appending(network.peer, compact)]);
      state = compact.reduce((each, event) => stepLedger(each, event).state, EMPTY_LEDGER);
    }
    return new Books(context, standing, state);
  }

  /** Sets a job's highest price aside. @returns the changes to be written down with the job; none when it was set aside before */
  open(job: CIDText, requester: PeerId, amount: Money): readonly Change[] {
    if (this.#ledger.escrows.has(job)) return [];
    return [
      ...this.#step({ kind: "deposit", peer: requester, amount }),
      ...this.#step({ kind: "escrow", job, from: requester, amount }),
    ];
  }

  /** Gives back what a job did not need. @returns the changes to be written down with the job's end */
  settle(job: CIDText): readonly Change[] {
    return this.#step({ kind: "settle", job });
  }

  /** What is whose. */
  get status(): BooksStatus {
    const balances = [...this.#ledger.balances].map(([peer, amount]) => ({ peer, amount }));
    const held = balances.reduce((sum, { amount }) => sum + amount, 0n);
    return { balances, escrowed: totalOf(this.#ledger) - held };
  }

  /**
   * Pays for a verified part, once: the payment, the receipt and the experience are written all or nothing, and only then is the
   * receipt told. Asked again after a crash it tells the same receipt.
   * @returns undefined when the ledger refuses
   */
  async pay(
    job: CIDText,
    { task, epoch, peer, range, amount, promisedMs, takenMs }: Pay,
    node: CIDText | undefined,
  ): Promise<SignedMessage<"Receipt"> | undefined> {
    const id = { job, task, epoch, peer };
    const { keep, board } = this.#context;
    const before = await keep.rooms.receipts.get(id);
    if (before !== undefined) {
      const receipt = await openMessage(verifySignature, before, "Receipt");
      if (receipt.content.verdict.kind === "rejected") return undefined;
      await board.repost(receipt);
      return receipt;
    }
    const payment = this.#step({
      kind: "pay",
      job,
      payment: { task, range, epoch, to: peer, amount },
    });
    if (payment.length === 0) return undefined;
    const outcome = successOutcome(PPM_ONE, promisedMs, takenMs);
    const { quality, efficiency } = outcome;
    const verdict = { kind: "accepted", quality, efficiency } as const;
    const content = { ...id, range, price: amount, verdict, ...(node && { node }) };
    return this.#receipt(content, outcome, payment);
  }

  /** Only cheats get a receipt: who was slow may still deliver, and then gets one for that. */
  blame(job: CIDText, { task, epoch, peer, reason }: Blame, range: Range): void {
    const { emit, network } = this.#context;
    if (!CHEATING.includes(reason)) {
      const weight = reason === "REFUSED" ? REPUTATION_DEFAULTS.noRevealWeight : FAILURE.weight;
      return this.#remember(peer, { ...FAILURE, weight });
    }
    const verdict = { kind: "rejected", reason: "invalid-node" } as const;
    const content = { job, task, epoch, peer, range, price: 0n, verdict };
    this.#reject(content)
      .catch((error: unknown) => emit({ kind: "handler-failed", where: "posting Receipt", error }))
      // after the receipt: whoever is disconnected for it should have heard why
      .finally(() => network.report(peer, "misconduct", `${reason} in ${task} of job ${job}`));
  }

  /** Once for each lease: two receipts of one lease would be evidence against this broker. */
  #reject(content: Omit<Receipt, "at">): Promise<unknown> {
    const { job, task, epoch, peer } = content;
    this.#rejecting = this.#rejecting
      .catch(() => undefined)
      .then(async () => {
        const isThere = await this.#context.keep.rooms.receipts.has({ job, task, epoch, peer });
        if (!isThere) await this.#receipt(content, FAILURE, []);
      });
    return this.#rejecting;
  }

  /** A commit that was not opened, or opened wrongly. Nobody is blamed for a window in which this process stood still. */
  blameBidder(peer: PeerId, fault: AuctionFault): void {
    const { network, brokerConfig } = this.#context;
    this.#remember(peer, { ...FAILURE, weight: REPUTATION_DEFAULTS.noRevealWeight });
    const window = brokerConfig.auction?.revealMs ?? AUCTION_DEFAULTS.revealMs;
    if (fault === "no-reveal") network.report(peer, fault, "a bid stayed sealed", window);
    else network.report(peer, "misconduct", `its bid: ${fault}`);
  }

  #remember(peer: PeerId, outcome: Outcome): void {
    const { emit, keep } = this.#context;
    const written = keep.commit([this.#standing.experienced(peer, outcome)]);
    written.catch((error: unknown) =>
      emit({ kind: "handler-failed", where: "writing down a reputation", error }),
    );
  }

  async #receipt(
    content: Omit<Receipt, "at">,
    outcome: Outcome,
    changes: readonly Change[],
  ): Promise<SignedMessage<"Receipt">> {
    const { now, network, keep, board, stopping } = this.#context;
    const receipt = await signMessage(network.signer, "Receipt", { ...content, at: now() });
    const { receipts } = keep.rooms;
    const experience = this.#standing.experienced(content.peer, outcome);
    const write = (): Promise<void> =>
      keep.commit([...changes, receipts.putting(content, receipt.bytes), experience]);
    if (changes.length === 0) await write();
    else await insist(write, stopping); // the ledger here has it already
    await board.repost(receipt);
    return receipt;
  }

  /** @returns the change to be written down; none when it was refused */
  #step(event: LedgerEvent): readonly Change[] {
    const { state, effects } = stepLedger(this.#ledger, event);
    this.#ledger = state;
    if (effects.some(({ kind }) => kind === "refuse")) return [];
    const { keep, network } = this.#context;
    return [keep.rooms.ledger.appending(network.peer, [event])];
  }
}
