// Money, reputation and receipts: what a job's outcome means for those who worked on it.

import {
  EMPTY_LEDGER,
  FAILURE,
  type LedgerEvent,
  type LedgerState,
  REPUTATION_DEFAULTS,
  balanceOf,
  stepLedger,
  successOutcome,
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
} from "@foldmesh/protocol";
import type { Context } from "../context.ts";
import type { Standing } from "./standing.ts";

type Pay = Extract<JobEffect, { kind: "pay" }>;
type Blame = Extract<JobEffect, { kind: "blame" }>;

/** Cheating, against being slow or away. */
const CHEATING: readonly BlameReason[] = ["INVALID_NODE", "INVALID_CHECKPOINT", "FALSE_DISPUTE"];

/** The embedded ledger is this broker's own: until settlement on a chain, its deposits are made up when a job is taken. */
export class Books {
  readonly #context: Context;
  readonly #standing: Standing;
  #ledger: LedgerState = EMPTY_LEDGER;

  constructor(context: Context, standing: Standing) {
    this.#context = context;
    this.#standing = standing;
  }

  /** Sets a job's highest price aside. */
  open(job: CIDText, requester: PeerId, amount: Money): void {
    this.#step({ kind: "deposit", peer: requester, amount });
    this.#step({ kind: "escrow", job, from: requester, amount });
  }

  /** Gives back what a job did not need. */
  settle(job: CIDText): void {
    this.#step({ kind: "settle", job });
  }

  balance(peer: PeerId): Money {
    return balanceOf(this.#ledger, peer);
  }

  /** Pays for a verified part; undefined when it had been paid before. */
  async pay(
    job: CIDText,
    { task, epoch, peer, range, amount, promisedMs, takenMs }: Pay,
    node: CIDText | undefined,
  ): Promise<SignedMessage<"Receipt"> | undefined> {
    const payment = { task, range, epoch, to: peer, amount };
    if (!this.#step({ kind: "pay", job, payment })) return undefined;
    const outcome = successOutcome(PPM_ONE, promisedMs, takenMs);
    this.#standing.experienced(peer, outcome);
    const { quality, efficiency } = outcome;
    const verdict = { kind: "accepted", quality, efficiency } as const;
    return this.#receipt({ job, task, epoch, peer, range, price: amount, verdict }, node);
  }

  /** Only cheats get a receipt: who was slow may still deliver, and then gets one for that. */
  blame(job: CIDText, { task, epoch, peer, reason }: Blame, range: Range): void {
    const isCheat = CHEATING.includes(reason);
    const weight = reason === "REFUSED" ? REPUTATION_DEFAULTS.noRevealWeight : FAILURE.weight;
    this.#standing.experienced(peer, { ...FAILURE, weight });
    if (!isCheat) return;
    const verdict = { kind: "rejected", reason: "invalid-node" } as const;
    const { emit, network } = this.#context;
    const content = { job, task, epoch, peer, range, price: 0n, verdict };
    this.#receipt(content, undefined)
      .catch((error: unknown) => emit({ kind: "handler-failed", where: "posting Receipt", error }))
      // after the receipt: whoever is disconnected for it should have heard why
      .finally(() => network.report(peer, "misconduct", `${reason} in ${task} of job ${job}`));
  }

  /** A commit that was not opened, or opened wrongly. */
  blameBidder(peer: PeerId): void {
    const weight = REPUTATION_DEFAULTS.noRevealWeight;
    this.#standing.experienced(peer, { ...FAILURE, weight });
  }

  #receipt(
    content: Omit<Receipt, "at" | "node">,
    node: CIDText | undefined,
  ): Promise<SignedMessage<"Receipt">> {
    const at = this.#context.now();
    return this.#context.board.post("Receipt", { ...content, at, ...(node && { node }) });
  }

  /** @returns whether it was not refused */
  #step(event: LedgerEvent): boolean {
    const { state, effects } = stepLedger(this.#ledger, event);
    this.#ledger = state;
    return effects.every(({ kind }) => kind !== "refuse");
  }
}
