// One job at its broker: the pure machine of jobs, with its clock, its auctions, its messages and its verifications.

import type { JobEvent as Told, JobResult, JobUpdate } from "@foldmesh/client";
import {
  type JobEffect,
  type JobEvent,
  type JobState,
  createJob,
  decodeEntry,
  decodeInit,
  encodeEntry,
  encodeInit,
  jobWake,
  replay,
  settlement,
  step,
} from "@foldmesh/jobs";
import {
  type CIDText,
  type PeerId,
  type Range,
  type RefusalReason,
  type SignedMessage,
  type Time,
  openMessage,
  verifySignature,
} from "@foldmesh/protocol";
import { RequestRefused } from "@foldmesh/network";
import { type Alarm, createAlarm } from "../alarm.ts";
import type { Context } from "../context.ts";
import { messageOf } from "../errors.ts";
import type { KeptJob } from "../journal.ts";
import type { JobPlan, JobRecord } from "../keep/records.ts";
import type { Accepted } from "./accept.ts";
import type { Auctions } from "./auctions.ts";
import { Backups } from "./backups.ts";
import type { Books } from "./books.ts";
import type { BrokerJob } from "./broker-job.ts";
import { Examiner } from "./examiner.ts";
import { insist } from "./insist.ts";
import { executionNews } from "./execution-news.ts";
import { type Ground, layGround } from "./ground.ts";
import { type Holder, Leases, type WorkerReport } from "./leases.ts";
import { planJob } from "./plan-job.ts";
import { publishProof } from "./proof-file.ts";
import { Prosecutor } from "./prosecutor.ts";
import type { Roster } from "./roster.ts";
import { openSales } from "./sales.ts";
import { sentenceFor } from "./sentences.ts";
import { Settlement } from "./settlement.ts";
import { type Leadership, firstUpdateOf } from "./succession.ts";
import { type UpdateLog, createUpdateLog } from "./update-log.ts";

type Effect<K extends JobEffect["kind"]> = Extract<JobEffect, { kind: K }>;

export interface RunnerInit {
  readonly context: Context;
  readonly roster: Roster;
  readonly books: Books;
  readonly accepted: Accepted;
  readonly order: SignedMessage<"Order">;
  readonly record: JobRecord;
  /** what was written down before this start */
  readonly past: Pick<KeptJob, "entries" | "updates">;
  readonly leadership: Leadership;
  /** the job is over and everything about it but its result may go; with the last that its client is told */
  readonly onOver: (last: JobUpdate) => void;
}

/** Who holds a job's blobs. */
export const ownerOf = (job: CIDText): string => `job/${job}`;

export class JobRunner implements BrokerJob {
  readonly #init: RunnerInit;
  readonly #updates: UpdateLog;
  readonly #auctions: Auctions;
  readonly #leases: Leases;
  readonly #examiner: Examiner;
  readonly #backups: Backups;
  readonly #alarm: Alarm;
  readonly #ending = new AbortController();
  readonly #ground: Ground;
  #record: JobRecord;
  #state: JobState | undefined;
  #result: JobResult = { kind: "running" };
  #deeds: Promise<unknown> = Promise.resolve();
  /** why the computation cannot be executed */
  #fault: string | undefined;
  readonly #settlement: Settlement;

  constructor(init: RunnerInit) {
    this.#init = init;
    const { context, accepted, past } = init;
    this.#record = init.record;
    const { leadership } = init;
    this.#updates = createUpdateLog(context.now, past.updates, firstUpdateOf(leadership));
    this.#alarm = createAlarm(context.now, () => void this.feed({ kind: "tick" }));
    const feed = (event: JobEvent): void => void this.feed(event);
    const tell = (event: Told): void => void this.#tell(event);
    const own = (cid: CIDText, owner?: string): Promise<CIDText> => this.#own(cid, owner);
    const signal = AbortSignal.any([this.#ending.signal, context.stopping]);
    const current = (): JobState => this.#state!;
    const take = (event: JobEvent, at: Time): void => this.#take(event, at);
    this.#settlement = new Settlement({ ...init, state: current, take, tell, signal });
    const { order } = init;
    const prosecutor = new Prosecutor({ context, request: accepted.message, order });
    this.#examiner = new Examiner({
      job: accepted.job,
      tell,
      feed,
      own,
      prosecutor,
      tasks: () => this.#state?.tasks ?? [],
      compresses: accepted.size.compress > 0,
    });
    this.#leases = new Leases({
      context,
      accepted,
      leadership,
      state: () => this.#state,
      stateBefore: (leaf) => this.#ground.stateBefore(leaf),
      feed,
      tell,
      own,
      onSigned: (lease) => prosecutor.onLease(lease),
      signal: this.#ending.signal,
    });
    this.#backups = new Backups({
      shelf: context.shelf,
      owner: ownerOf(accepted.job),
      own,
      state: () => this.#state,
      court: () => this.#ground.court(),
      leases: this.#leases,
      examiner: this.#examiner,
      tell,
      feed: (event) => this.feed(event),
      complain: (error) => this.#complain("backing up a checkpoint", error),
    });
    this.#auctions = openSales({ ...init, tell, feed, term: () => this.#state?.term ?? 0 });
    const onExecuted = executionNews({ accepted, state: () => this.#state, tell, feed });
    const speeds = init.roster.seen;
    this.#ground = layGround({ context, accepted, speeds, signal, onExecuted });
  }

  get job(): CIDText {
    return this.accepted.job;
  }

  get requester(): PeerId {
    return this.accepted.requester;
  }

  get request(): SignedMessage<"ProofRequest"> {
    return this.accepted.message;
  }

  get record(): JobRecord {
    return this.#record;
  }

  get tasks(): BrokerJob["tasks"] {
    const tasks = this.#state?.tasks ?? [];
    const verified = tasks.filter(({ state }) => state.kind === "Verified").length;
    return { all: tasks.length, verified };
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

  get updates(): UpdateLog {
    return this.#updates;
  }

  /** Comes to where it was left, if it was planned; before `start`, and before anybody reports. */
  async takeUp(): Promise<void> {
    const { plan } = this.#record;
    const { term, candidates } = this.#init.leadership;
    if (term > 0 && candidates.length > 1)
      this.#tell({ kind: "taken-over", broker: this.#context.network.peer });
    if (plan !== undefined) await this.#resume(plan);
  }

  /** Runs until the job is over; never rejects. */
  async start(): Promise<void> {
    const { size, request } = this.accepted;
    const { stepsPerLeaf, leaves, merge } = size;
    const { steps } = request;
    if (this.#updates.all().length === 0) {
      this.#tell({ kind: "accepted", steps, stepsPerLeaf, leaves, constraints: merge });
    }
    try {
      if (this.#record.plan === undefined) this.#begin(await this.#ground.leafMs);
      await this.#ground.executed;
      await this.feed({ kind: "executed", done: leaves }); // of which the news may have come before the past was known
    } catch (error) {
      if (this.#context.stopping.aborted) return;
      this.#fault = messageOf(error);
      if (this.#state === undefined) this.#fail("EXECUTION", this.#fault);
      else this.cancel();
    }
  }

  /** One event of the job machine, now; kept when it is written down. Before the job is planned and after its end nothing happens. */
  feed(event: JobEvent): Promise<void> {
    if (this.#state === undefined || !this.#isRunning) return Promise.resolve();
    const { journal, now } = this.#context;
    const at = now();
    const { state, effects } = step(this.#state, event, at);
    if (effects.length > 0 && effects.every(({ kind }) => kind === "ignored")) {
      effects.forEach((effect) => this.#perform(effect)); // anybody may cause such: nothing is written down
      return Promise.resolve();
    }
    const written = journal.append(this.job, encodeEntry({ at, event }));
    return this.#advance(
      state,
      effects,
      written.then(() => this.#init.leadership.logged()),
    );
  }

  /** Nothing follows from it but the state. */
  #take(event: JobEvent, at: Time): void {
    this.#state = step(this.#state!, event, at).state;
    this.#init.leadership.logged();
  }

  /** Of peers that hold nothing of it no job takes notice: anybody may come and go. */
  onPresence(kind: "disconnected" | "reconnected", peer: PeerId): void {
    if (this.#leases.concerns(peer)) void this.feed({ kind, peer });
  }

  /** Somebody may have room for more. */
  wakeAuctions(): void {
    this.#auctions.wake();
  }

  cancel(): void {
    if (this.#state !== undefined) void this.feed({ kind: "cancelled" });
    else this.#fail("CANCELLED", sentenceFor("CANCELLED"));
  }

  /** Stops without a word and leaves all as it is, for the next start. */
  async stop(): Promise<void> {
    this.#halt();
    await Promise.allSettled([this.#deeds, this.#settlement.quiet()]);
  }

  /**
   * A worker's message; its signature has been checked. Kept when it is written down.
   * @throws RequestRefused STALE_EPOCH when the lease is not the worker's any more
   */
  async onReport(message: WorkerReport): Promise<void> {
    const { kind, sender: peer, content } = message;
    const { task, epoch } = content;
    const from = { task, epoch, peer };
    switch (kind) {
      case "Progress":
        this.#checkHeld(from);
        if (!this.#leases.isNews(from, content.done)) return undefined;
        this.#tell({ kind: "progress", ...from, done: content.done });
        return this.feed({ kind: "progress", ...from, done: content.done });
      case "Delivery": {
        const { node, bytes } = content;
        await this.#noteDelivery(message as SignedMessage<"Delivery">);
        return this.feed({ kind: "delivered", ...from, node, bytes });
      }
      case "Refusal":
        return this.#onRefusal(from, content.reason);
      case "Checkpoint":
        this.#checkHeld(from);
        return void this.#backups.take(message);
    }
  }

  /** What its maker says of it is needed to judge it, also after a restart. */
  async #noteDelivery(delivery: SignedMessage<"Delivery">): Promise<void> {
    const { sender: peer, content, bytes } = delivery;
    const { job, task, epoch } = content;
    if (!(await this.#leases.isOf(delivery))) return;
    await this.#context.keep.rooms.deliveries.put({ job, task, epoch, peer }, bytes);
    this.#examiner.note(delivery);
  }

  #checkHeld(holder: Holder): void {
    if (this.#state === undefined || this.#leases.isHeld(holder)) return;
    const { task, epoch } = holder;
    throw new RequestRefused("STALE_EPOCH", `the lease of ${task} with epoch ${epoch} is over`);
  }

  get #context(): Context {
    return this.#init.context;
  }

  get #isRunning(): boolean {
    return this.#result.kind === "running" && !this.#ending.signal.aborted;
  }

  #begin(leafMs: number): void {
    if (!this.#isRunning) return;
    const { now, journal } = this.#context;
    const init = planJob(this.#context, this.#init.roster, this.accepted, this.order, leafMs);
    this.#tell({ kind: "planned", shards: init.shards });
    const begun = now();
    const { state, effects } = createJob(init, begun);
    this.#record = { ...this.#record, plan: { init: encodeInit(init), begun } };
    const first = this.#init.leadership.term === 0 ? effects : []; // what is for sale in a later term its beginning says
    void this.#advance(state, first, journal.put(this.job, this.#record));
    this.#beginTerm();
  }

  #beginTerm(): void {
    const { term } = this.#init.leadership;
    if (term > 0) void this.feed({ kind: "takenOver", term });
  }

  /** From the log to where it ends; what followed from its last events may not have been done, so a new term does it again. */
  async #resume({ init, begun }: JobPlan): Promise<void> {
    const { deliveries } = this.#context.keep.rooms;
    for await (const [, bytes] of deliveries.entries({ job: this.job })) {
      this.#examiner.note(await openMessage(verifySignature, bytes, "Delivery"));
    }
    const entries = this.#init.past.entries.map(decodeEntry);
    const state = replay(decodeInit(init), begun, entries);
    if (state.phase.kind === "Running") {
      this.#state = state;
      this.#beginTerm();
    } else void this.#advance(state, settlement(state), Promise.resolve());
  }

  /** The state changes at once; what follows from it is done when it has been written down, in order. */
  #advance(state: JobState, effects: readonly JobEffect[], written: Promise<void>): Promise<void> {
    this.#state = state;
    this.#alarm.set(jobWake(state));
    const done = Promise.all([this.#deeds, written]).then(
      () => {
        if (!this.#ending.signal.aborted) effects.forEach((effect) => this.#perform(effect));
      },
      (error: unknown) => {
        this.#complain("writing the job down", error); // not to the client: it names paths here
        this.#fail("JOURNAL", "the broker could not write the job down: its disk may be full");
      },
    );
    this.#deeds = done;
    return done;
  }

  #perform(effect: JobEffect): void {
    const { context, books, roster, accepted } = this.#init;
    switch (effect.kind) {
      case "announceAuction":
        return this.#auctions.open(effect.lots, effect.exclude);
      case "cancelAuction":
        return this.#auctions.cancel(effect.task);
      case "sendLease":
      case "confirmLease":
        return this.#run("sending a lease", this.#leases.send(effect));
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
        return void this.#tell({ kind: "checkpoint", task, epoch, peer, done: done.end });
      }
      case "requestVerify":
        return this.#run("verifying a node", this.#examine(effect));
      case "blame": {
        const { task, epoch, peer, reason } = effect;
        books.blame(accepted.job, effect, this.#rangeOf(task));
        roster.rest(peer);
        return void this.#tell({ kind: "blamed", task, epoch, peer, reason });
      }
      case "pay":
        return this.#settlement.pay(effect);
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

  async #examine(effect: Effect<"requestVerify">): Promise<void> {
    await this.#examiner.examine(await this.#ground.court(), effect);
  }

  // ---- leases

  /** Gives a lease back; the broker looks itself at a checkpoint that is said to be bad, and for one that could not be had. */
  async #onRefusal(from: Holder, reason: RefusalReason): Promise<void> {
    const task = this.#state?.tasks.find(({ id }) => id === from.task);
    const node = task?.leases.find(({ epoch }) => epoch === from.epoch)?.resume?.node;
    if (node !== undefined && reason === "bad-checkpoint") {
      return this.feed({ kind: "disputed", ...from, node });
    }
    const isLost =
      node !== undefined &&
      reason === "missing-input" &&
      this.#leases.isHeld(from) &&
      (await this.#context.shelf.size(node)) === undefined;
    if (isLost) return this.feed({ kind: "checkpointLost", task: from.task, node });
    return this.feed({ kind: "refused", ...from, reason });
  }

  #rangeOf(task: string): Range {
    return this.#state!.tasks.find(({ id }) => id === task)!.range;
  }

  // ---- the end

  async #finish({ root }: Effect<"jobDone">): Promise<void> {
    const settled = await this.#settlement.settle();
    const { proof, bytes } = await publishProof(this.#context, this.accepted, root);
    this.#context.shelf.allow(proof, ...this.#init.leadership.candidates);
    this.#close({ kind: "done", proof, bytes }, { kind: "done", proof, bytes, ...settled });
  }

  async #giveUp({ reason, task }: Effect<"jobFailed">): Promise<void> {
    const { payer } = await this.#settlement.settle();
    if (this.#fault === undefined) this.#fail(reason, sentenceFor(reason, task), payer);
    else this.#fail("EXECUTION", this.#fault, payer);
  }

  #fail(reason: string, message: string, payer?: PeerId): void {
    if (!this.#isRunning) return;
    const end = { kind: "failed", reason, message: message.slice(0, 500) } as const;
    this.#close(end, { ...end, ...(payer && { payer }) });
  }

  /** The result stands and is told, even where it cannot be written down at once: that is then tried again. */
  #close(result: JobResult, last: Told): void {
    const { journal, now, shelf, stopping } = this.#context;
    this.#result = result;
    this.#record = { ...this.#record, result, ended: now() };
    const { job } = this;
    this.#halt();
    const told = this.#tell(last, async (update) => {
      const rest = this.#init.books.settle(job);
      const write = (): Promise<void> => journal.end(job, this.#record, [update], ...rest);
      await write().catch(() => void insist(write, stopping).catch(() => {}));
      await shelf.release(ownerOf(job));
    });
    this.#init.onOver(told);
  }

  #halt(): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    this.#alarm.clear();
    this.#auctions.close();
    this.#ground.leave();
  }

  // ---- words

  /** A blob of this job: dropped with it. Those who get a lease for it may fetch it, and who may come to lead the job. */
  async #own(cid: CIDText, owner: string = ownerOf(this.job)): Promise<CIDText> {
    const { shelf } = this.#context;
    await shelf.hold(owner, cid);
    shelf.allow(cid, ...this.#init.leadership.candidates);
    return cid;
  }

  #tell(event: Told, write?: (update: JobUpdate) => Promise<void>): JobUpdate {
    const { emit, journal } = this.#context;
    const { job } = this;
    const update = this.#updates.add(event, write ?? ((each) => journal.tell(job, each)));
    emit({ kind: "job", job, update });
    return update;
  }

  #run(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#complain(what, error));
  }

  /** Our own mistake, or a stop in the middle. */
  #complain(where: string, error: unknown): void {
    if (this.#ending.signal.aborted) return;
    this.#context.emit({ kind: "handler-failed", where, error });
  }
}
