// What a job's end comes to in money: every verified part is paid for, once, and the rest goes back.

import type { JobEvent as Told } from "@foldmesh/client";
import {
  type JobEffect,
  type JobEvent,
  type JobState,
  type Task,
  encodeEntry,
} from "@foldmesh/jobs";
import type { CIDText, Money, PeerId, Time } from "@foldmesh/protocol";
import { insist } from "./insist.ts";
import type { RunnerInit } from "./job-runner.ts";
import { payoutName, payoutOf } from "./update-log.ts";

type Pay = Extract<JobEffect, { kind: "pay" }>;

/** Of its `past`, what the requester was told before this start. */
type Of = Pick<RunnerInit, "context" | "accepted" | "books" | "roster" | "leadership" | "past">;

export interface SettlementInit extends Of {
  readonly state: () => JobState;
  /** An event that has been written down. */
  readonly take: (event: JobEvent, at: Time) => void;
  readonly tell: (event: Told) => void;
  /** that somebody else leads, or that the node stops */
  readonly signal: AbortSignal;
}

export interface Settled {
  /** in all, with what the broker before pays */
  readonly paid: Money;
  /** who pays, if that is not this broker */
  readonly payer?: PeerId;
}

export class Settlement {
  readonly #init: SettlementInit;
  /** amounts by payment, of all that the client was told */
  readonly #told: Map<string, Money>;
  readonly #payments: Promise<unknown>[] = [];
  #choosing: Promise<PeerId> | undefined;

  constructor(init: SettlementInit) {
    this.#init = init;
    this.#told = new Map(init.past.updates.flatMap(({ event }) => payoutOf(event)));
  }

  pay(effect: Pay): void {
    const payment = this.#pay(effect);
    payment.catch(() => {}); // whoever settles hears of it
    this.#payments.push(payment);
  }

  /** When nothing is left to be paid. */
  async settle(): Promise<Settled> {
    const payer = await this.#payer();
    await Promise.all(this.#payments);
    const paid = this.#told.values().reduce((a, b) => a + b, 0n);
    return this.#isSelf(payer) ? { paid } : { paid, payer };
  }

  /** Until no payment is under way. */
  async quiet(): Promise<void> {
    await Promise.allSettled(this.#payments);
  }

  #isSelf(peer: PeerId): boolean {
    return peer === this.#init.context.network.peer;
  }

  /**
   * The one broker that pays, by the job's log. Before it pays, most of those who may go on when it stays away know that, and what
   * is paid for: else they would have it done again, and pay too.
   */
  #payer(): Promise<PeerId> {
    return (this.#choosing ??= this.#choose());
  }

  async #choose(): Promise<PeerId> {
    const { leadership, state } = this.#init;
    if (state().payer === undefined) await this.#nameSelf();
    const payer = state().payer!;
    if (this.#isSelf(payer)) await leadership.sealed();
    return payer;
  }

  /** Again and again where the disk is full. */
  async #nameSelf(): Promise<void> {
    const { context, accepted, take, signal } = this.#init;
    const { journal, network, now } = context;
    const event = { kind: "settling", payer: network.peer } as const;
    const at = now();
    await insist(() => journal.append(accepted.job, encodeEntry({ at, event })), signal);
    take(event, at);
  }

  /** Later jobs are cut by it. */
  #learn({ task, peer, range, takenMs }: Pay): void {
    const { accepted, roster, state } = this.#init;
    const { leaf, merge } = accepted.size;
    if (taskOf(state(), task).kind !== "prove") return;
    roster.seen.onProved(peer, (range.end - range.start) * (leaf + merge), takenMs);
  }

  async #pay(effect: Pay): Promise<void> {
    const { accepted, books, state, tell } = this.#init;
    const { task, epoch, peer, range, amount } = effect;
    const payer = await this.#payer();
    const receipt = this.#isSelf(payer)
      ? await books.pay(accepted.job, effect, nodeOf(state(), task))
      : undefined;
    const isMissing = this.#isSelf(payer) && receipt === undefined;
    if (isMissing || this.#told.has(payoutName(effect))) return;
    this.#learn(effect);
    this.#told.set(payoutName(effect), amount);
    const part = { task, epoch, peer, range, amount };
    tell(receipt ? { kind: "paid", ...part, receipt: receipt.id } : { kind: "owed", ...part });
  }
}

/** What a task came to. */
export function nodeOf(state: JobState, task: string): CIDText | undefined {
  const { state: made } = taskOf(state, task);
  return made.kind === "Verified" ? made.node : undefined;
}

const taskOf = ({ tasks }: JobState, task: string): Task => tasks.find(({ id }) => id === task)!;
