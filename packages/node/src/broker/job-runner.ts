// One job at its broker: the pure machine of jobs, with its clock, its auctions, its messages and its verifications.

import type { JobEvent as Told, JobResult } from "@foldmesh/client";
import {
  type JobEffect,
  type JobEvent,
  type JobInit,
  type JobState,
  createJob,
  encodeEntry,
  jobWake,
  step,
} from "@foldmesh/jobs";
import type {
  CIDText,
  Contents,
  Money,
  PeerId,
  Range,
  RefusalReason,
  SignedMessage,
  Time,
} from "@foldmesh/protocol";
import { type Alarm, createAlarm } from "../alarm.ts";
import type { Context } from "../context.ts";
import { messageOf } from "../errors.ts";
import type { Accepted } from "./accept.ts";
import type { Auctions } from "./auctions.ts";
import type { Books } from "./books.ts";
import { Examiner } from "./examiner.ts";
import { type Ground, prepareGround } from "./ground.ts";
import { Leases } from "./leases.ts";
import { planJob } from "./plan-job.ts";
import { publishProof } from "./proof-file.ts";
import { Prosecutor } from "./prosecutor.ts";
import type { Roster } from "./roster.ts";
import { openSales } from "./sales.ts";
import { sentenceFor } from "./sentences.ts";
import { type UpdateLog, createUpdateLog } from "./update-log.ts";

type Effect<K extends JobEffect["kind"]> = Extract<JobEffect, { kind: K }>;
export type WorkerReport =
  | SignedMessage<"Progress">
  | SignedMessage<"Checkpoint">
  | SignedMessage<"Delivery">
  | SignedMessage<"Refusal">;

export interface RunnerInit {
  readonly context: Context;
  readonly roster: Roster;
  readonly books: Books;
  readonly accepted: Accepted;
  readonly order: SignedMessage<"Order">;
  /** the job is over and everything about it but its result may go */
  readonly onOver: () => void;
}

export class JobRunner {
  readonly #init: RunnerInit;
  readonly #updates: UpdateLog;
  readonly #auctions: Auctions;
  readonly #leases: Leases;
  readonly #examiner: Examiner;
  readonly #alarm: Alarm;
  readonly #ending = new AbortController();
  readonly #blobs = new Set<CIDText>();
  #ground: Ground | undefined;
  #state: JobState | undefined;
  #result: JobResult = { kind: "running" };
  #paid: Money = 0n;
  #deeds: Promise<unknown> = Promise.resolve();
  #payments: Promise<unknown>[] = [];

  constructor(init: RunnerInit) {
    this.#init = init;
    const { context, accepted } = init;
    this.#updates = createUpdateLog(context.now);
    this.#alarm = createAlarm(context.now, () => this.feed({ kind: "tick" }));
    const feed = (event: JobEvent): void => this.feed(event);
    const tell = (event: Told): void => this.#tell(event);
    const own = (cid: CIDText): CIDText => this.#own(cid);
    const { order } = init;
    const prosecutor = new Prosecutor({ context, request: accepted.message, order });
    this.#examiner = new Examiner({
      job: accepted.job,
      tell,
      feed,
      own,
      prosecutor,
      tasks: () => this.#state?.tasks ?? [],
      compresses: context.brokerConfig.compress,
    });
    this.#leases = new Leases({
      context,
      accepted,
      state: () => this.#state,
      stateBefore: (leaf) => this.#ground!.states[leaf]!,
      feed,
      own,
      onSigned: (lease) => prosecutor.onLease(lease),
      signal: this.#ending.signal,
    });
    this.#auctions = openSales({ ...init, tell, feed });
  }

  get order(): SignedMessage<"Order"> {
    return this.#init.order;
  }

  get accepted(): Accepted {
    return this.#init.accepted;
  }

  get result(): JobResult {
    return this.#result;
  }

  /** The machine's state, for displays; undefined until the job is planned. */
  get state(): JobState | undefined {
    return this.#state;
  }

  get updates(): UpdateLog {
    return this.#updates;
  }

  /** Runs until the job is over; never rejects. */
  async start(): Promise<void> {
    const { size, request } = this.accepted;
    const { stepsPerLeaf, leaves, merge } = size;
    const { steps } = request;
    this.#tell({ kind: "accepted", steps, stepsPerLeaf, leaves, constraints: merge });
    const { context } = this.#init;
    const signal = AbortSignal.any([this.#ending.signal, context.stopping]);
    try {
      const onExecuted = (done: number): void =>
        this.#tell({ kind: "executed", done, total: steps });
      this.#ground = await prepareGround({ context, accepted: this.accepted, signal, onExecuted });
      if (signal.aborted) return;
      const plan = planJob(context, this.#init.roster, this.accepted, this.order);
      this.#tell({ kind: "planned", shards: plan.shards });
      const begun = context.now();
      const { state, effects } = createJob(plan, begun);
      this.#advance(state, effects, this.#begin(plan, begun));
    } catch (error) {
      if (!signal.aborted) this.#fail("EXECUTION", messageOf(error));
    }
  }

  /** One event of the job machine, now. Before the job is planned and after its end nothing happens. */
  feed(event: JobEvent): void {
    if (this.#state === undefined || this.#result.kind !== "running") return;
    const { journal, now } = this.#init.context;
    const at = now();
    const { state, effects } = step(this.#state, event, at);
    this.#advance(state, effects, journal.append(this.accepted.job, encodeEntry({ at, event })));
  }

  /** Somebody may have room for more. */
  wakeAuctions(): void {
    this.#auctions.wake();
  }

  cancel(): void {
    if (this.#state !== undefined) this.feed({ kind: "cancelled" });
    else this.#fail("CANCELLED", sentenceFor("CANCELLED"));
  }

  /** Ends everything without a word; for a node that stops. */
  async stop(): Promise<void> {
    this.#end();
    await Promise.allSettled(this.#payments);
  }

  /** A worker's message; its signature has been checked. */
  onReport(message: WorkerReport): void {
    const { kind, sender: peer, content } = message;
    const { task, epoch } = content;
    const from = { task, epoch, peer };
    switch (kind) {
      case "Progress":
        this.feed({ kind: "progress", ...from, done: content.done });
        if (this.#leases.isHeld(task, epoch)) {
          this.#tell({ kind: "progress", ...from, done: content.done });
        }
        return;
      case "Delivery": {
        const { node, bytes } = content;
        this.#examiner.note(message as SignedMessage<"Delivery">);
        return this.feed({ kind: "delivered", ...from, node, bytes });
      }
      case "Refusal":
        return this.#onRefusal(from, content.reason);
      case "Checkpoint":
        return this.#run("backing up a checkpoint", this.#backUp(peer, content));
    }
  }

  #begin({ shards }: JobInit, begun: Time): Promise<void> {
    const { context, accepted, order } = this.#init;
    const { message, size, job } = accepted;
    const { stepsPerLeaf } = size;
    const opening = { request: message.bytes, order: order.bytes, begun, stepsPerLeaf, shards };
    return context.journal.begin(job, opening);
  }

  /** The state changes at once; what follows from it is done when it has been written down, in order. */
  #advance(state: JobState, effects: readonly JobEffect[], written: Promise<void>): void {
    this.#state = state;
    this.#alarm.set(jobWake(state));
    this.#deeds = Promise.all([this.#deeds, written]).then(
      () => effects.forEach((effect) => this.#perform(effect)),
      (error: unknown) => this.#fail("JOURNAL", `the broker cannot write: ${messageOf(error)}`),
    );
  }

  #perform(effect: JobEffect): void {
    const { context, books, roster, accepted } = this.#init;
    switch (effect.kind) {
      case "announceAuction":
        return this.#auctions.open(effect.lots, effect.exclude);
      case "cancelAuction":
        return this.#auctions.cancel(effect.task);
      case "sendLease":
        return this.#run("sending a lease", this.#sendLease(effect));
      case "renewLease": {
        const { kind: _, ...renewal } = effect;
        const content = { job: accepted.job, ...renewal };
        return this.#run("renewing a lease", this.#leases.say("LeaseRenewal", content));
      }
      case "revoke": {
        const { kind: _, ...revocation } = effect;
        const content = { job: accepted.job, ...revocation };
        return this.#run("revoking a lease", this.#leases.say("Revocation", content));
      }
      case "storeCheckpoint": {
        const { task, epoch, peer, done } = effect;
        return this.#tell({ kind: "checkpoint", task, epoch, peer, done: done.end });
      }
      case "requestVerify":
        return this.#run("verifying a node", this.#examiner.examine(this.#ground!, effect));
      case "blame": {
        const { task, epoch, peer, reason } = effect;
        books.blame(accepted.job, effect, this.#rangeOf(task));
        roster.rest(peer);
        return this.#tell({ kind: "blamed", task, epoch, peer, reason });
      }
      case "pay":
        return void this.#payments.push(this.#pay(effect));
      case "ignored": {
        const { event, task, reason } = effect;
        return context.emit({ kind: "job-ignored", job: accepted.job, event, task, reason });
      }
      case "jobDone":
        return this.#run("finishing", this.#finish(effect));
      case "jobFailed":
        return this.#run("failing", this.#giveUp(effect));
    }
  }

  // ---- leases

  async #sendLease(effect: Effect<"sendLease">): Promise<void> {
    const { task, epoch, peer, range, price } = effect;
    if (!(await this.#leases.send(effect))) return;
    this.#tell({ kind: "leased", task, epoch, peer, range, price });
  }

  /** Gives a lease back; one that cannot use its checkpoint makes the broker look at that itself. */
  #onRefusal(
    from: { readonly task: string; readonly epoch: number; readonly peer: PeerId },
    reason: RefusalReason,
  ): void {
    const task = this.#state?.tasks.find(({ id }) => id === from.task);
    const resume = task?.leases.find(({ epoch }) => epoch === from.epoch)?.resume;
    if (reason === "missing-input" && resume !== undefined) {
      return this.feed({ kind: "disputed", ...from, node: resume.node });
    }
    this.feed({ kind: "refused", ...from, reason });
  }

  /** The broker is every shard's backup: it holds the last checkpoint, so a prover that dies takes nothing along. */
  async #backUp(peer: PeerId, content: Contents["Checkpoint"]): Promise<void> {
    const { task, epoch, done, node, bytes } = content;
    const { network } = this.#init.context;
    if (bytes !== this.#ground?.session.nodeBytes || !this.#leases.isHeld(task, epoch)) return;
    const { signal } = this.#ground;
    await network.blobs.download(node, { from: [peer], maxBytes: bytes, signal });
    this.#own(node);
    const failures = await this.#examiner.read(this.#ground, peer, content);
    if (failures.length > 0) {
      return this.#tell({ kind: "rejected", task, epoch, peer, failures: [...failures] });
    }
    const holders = [network.peer, peer];
    this.feed({ kind: "checkpointed", task, epoch, peer, done: done.end, node, bytes, holders });
  }

  #rangeOf(task: string): Range {
    return this.#state!.tasks.find(({ id }) => id === task)!.range;
  }

  // ---- the end

  async #pay(effect: Effect<"pay">): Promise<void> {
    const { task, epoch, peer, range, amount } = effect;
    const state = this.#state!.tasks.find(({ id }) => id === task)!.state;
    const node = state.kind === "Verified" ? state.node : undefined;
    const receipt = await this.#init.books.pay(this.accepted.job, effect, node);
    if (receipt === undefined) return;
    this.#paid += amount;
    this.#tell({ kind: "paid", task, epoch, peer, range, amount, receipt: receipt.id });
  }

  async #finish({ root }: Effect<"jobDone">): Promise<void> {
    const { context, accepted, books } = this.#init;
    await Promise.all(this.#payments);
    books.settle(accepted.job);
    const { proof, bytes } = await publishProof(context, accepted, root);
    this.#result = { kind: "done", proof, bytes };
    this.#tell({ kind: "done", proof, bytes, paid: this.#paid });
    this.#end();
  }

  async #giveUp({ reason, task }: Effect<"jobFailed">): Promise<void> {
    await Promise.all(this.#payments);
    this.#init.books.settle(this.accepted.job);
    this.#fail(reason, sentenceFor(reason, task));
  }

  #fail(reason: string, message: string): void {
    if (this.#result.kind !== "running") return;
    const short = message.slice(0, 500);
    this.#result = { kind: "failed", reason, message: short };
    this.#tell({ kind: "failed", reason, message: short });
    this.#end();
  }

  #end(): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    this.#alarm.clear();
    this.#auctions.close();
    this.#ground?.used[Symbol.dispose]();
    this.#blobs.forEach((cid) => this.#init.context.shelf.drop(cid));
    this.#run("closing its journal", this.#init.context.journal.end(this.accepted.job));
    this.#init.onOver();
  }

  // ---- words

  /** A blob of this job: dropped with it. */
  #own(cid: CIDText): CIDText {
    this.#blobs.add(cid);
    this.#init.context.shelf.allow(cid); // to those who get a lease for it
    return cid;
  }

  #tell(event: Told): void {
    const update = this.#updates.add(event);
    this.#init.context.emit({ kind: "job", job: this.accepted.job, update });
  }

  #run(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#complain(what, error));
  }

  /** Our own mistake, or a stop in the middle. */
  #complain(where: string, error: unknown): void {
    if (this.#ending.signal.aborted) return;
    this.#init.context.emit({ kind: "handler-failed", where, error });
  }
}
