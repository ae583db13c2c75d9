// What a job's end comes to in money: every verified part is paid for, once, and the rest goes back.

import type { JobEvent as Told } from "@foldmesh/client";
import type { JobEffect, JobState } from "@foldmesh/jobs";
import type { CIDText, Money } from "@foldmesh/protocol";
import type { Books } from "./books.ts";
import type { Leadership } from "./succession.ts";
import { payoutOf } from "./update-log.ts";

type Pay = Extract<JobEffect, { kind: "pay" }>;

export interface SettlementInit {
  readonly job: CIDText;
  readonly books: Books;
  readonly leadership: Leadership;
  readonly state: () => JobState | undefined;
  readonly tell: (event: Told) => void;
  /** what the requester was told before this start */
  readonly told: readonly Told[];
}

export class Settlement {
  readonly #init: SettlementInit;
  /** amounts by receipt, of all that the client was told */
  readonly #paid: Map<CIDText, Money>;
  readonly #payments: Promise<unknown>[] = [];
  #sealed: Promise<void> | undefined;

  constructor(init: SettlementInit) {
    this.#init = init;
    this.#paid = new Map(init.told.flatMap(payoutOf));
  }

  pay(effect: Pay): void {
    this.#payments.push(this.#pay(effect));
  }

  /** When nothing is left to be paid. @returns what was paid in all */
  async settle(): Promise<Money> {
    await this.#seal();
    await Promise.all(this.#payments);
    return this.#paid.values().reduce((a, b) => a + b, 0n);
  }

  /** Until no payment is under way. */
  async quiet(): Promise<void> {
    await Promise.allSettled(this.#payments);
  }

  /** What is paid for must be known to whoever goes on when this broker stays away: else it would have it done again, and paid. */
  #seal(): Promise<void> {
    return (this.#sealed ??= this.#init.leadership.sealed());
  }

  async #pay(effect: Pay): Promise<void> {
    const { job, books, state, tell } = this.#init;
    const { task, epoch, peer, range, amount } = effect;
    const made = state()!.tasks.find(({ id }) => id === task)!.state;
    await this.#seal();
    const node = made.kind === "Verified" ? made.node : undefined;
    const receipt = await books.pay(job, effect, node);
    if (receipt === undefined || this.#paid.has(receipt.id)) return;
    this.#paid.set(receipt.id, amount);
    tell({ kind: "paid", task, epoch, peer, range, amount, receipt: receipt.id });
  }
}
