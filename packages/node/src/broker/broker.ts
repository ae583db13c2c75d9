// The broker's desk: requests of dApps, reports of workers.

import {
  CANCEL,
  HELLO,
  JOBS,
  type JobUpdate,
  MAX_OUTLINES,
  QUOTE,
  RESULT,
  SUBMIT,
  WATCH,
  greeting,
  jobName,
  jobResult,
  outlines,
  quotation,
  watchReply,
  watchRequest,
} from "@foldmesh/client";
import { type Caller, RequestRefused } from "@foldmesh/network";
import {
  type CIDText,
  PROTOCOL_VERSION,
  type PeerId,
  type SignedMessage,
  decodeCanonical,
  encodeCanonical,
  openMessage,
  signMessage,
  verifySignature,
} from "@foldmesh/protocol";
import type { Notice } from "../board.ts";
import { type Signed, candidatesOf, openSigned } from "../candidates.ts";
import type { Context } from "../context.ts";
import { messageOf } from "../errors.ts";
import { REPORT, TERMS, terms } from "../methods.ts";
import type { KeptJob } from "../journal.ts";
import type { JobRecord } from "../keep/records.ts";
import { type Accepted, examine, fetchMaterial, keyFor } from "./accept.ts";
import { Books } from "./books.ts";
import { type BrokerJob, finishedJob } from "./broker-job.ts";
import { Candidacies } from "./candidacies.ts";
import { type Desk, createDesk } from "./desk.ts";
import { insist } from "./insist.ts";
import { JobRunner, type RunnerInit, ownerOf } from "./job-runner.ts";
import { lastPayments } from "./late-payments.ts";
import { openRequest, resultOf, resume, unknownJob } from "./requests.ts";
import { type Challenge, Roster } from "./roster.ts";
import { type Standing, loadStanding } from "./standing.ts";
import type { Leadership } from "./succession.ts";

export const SOFTWARE = "foldmesh/0";

/** What the network says of a peer's presence, and what that means to a job. */
const PRESENCE: Readonly<Record<string, "reconnected" | "disconnected">> = {
  connected: "reconnected",
  answering: "reconnected",
  silent: "disconnected",
  disconnected: "disconnected",
};
/** How long a dApp may take to hand in what a job needs. */
const TAKE_MS = 300_000;
/** Jobs that are over and still told of. */
const MOST_FINISHED = 1024;
/** The longest delay of a timer. */
const LONGEST_MS = 2 ** 31 - 1;

interface BrokerParts {
  readonly challenge: Challenge;
  readonly standing: Standing;
  readonly books: Books;
}

export class Broker {
  readonly #context: Context;
  readonly #standing: Standing;
  readonly #roster: Roster;
  readonly #books: Books;
  readonly #running = new Map<CIDText, JobRunner>();
  /** over, and kept for a while */
  readonly #finished = new Map<CIDText, BrokerJob>();
  /** by requester and nonce: what was asked once is one job */
  readonly #asked = new Map<string, Promise<Signed>>();

  readonly #desk: Desk = createDesk();
  readonly #candidacies: Candidacies;
  /** being examined, to be taken if they are good */
  #taking = 0;
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(context: Context, { challenge, standing, books }: BrokerParts) {
    this.#context = context;
    this.#standing = standing;
    this.#roster = new Roster(context, standing, challenge);
    this.#books = books;
    this.#candidacies = new Candidacies({
      context,
      desk: this.#desk,
      lead: (...job) => this.#lead(...job),
      stepDown: (job) => this.#stepDown(job),
      conclude: (...job) => this.#conclude(...job),
      finished: (job) => this.#finished.get(job),
      onFollowed: (job, signed) => this.#onFollowed(job, signed),
    });
  }

  /** Says that a broker is here, also while it takes up what the last run left: dApps then wait until it answers. */
  static async greet({ network }: Pick<Context, "network">): Promise<void> {
    await network.handle(HELLO, () =>
      encodeCanonical(greeting, { versions: [PROTOCOL_VERSION], software: SOFTWARE }),
    );
  }

  /** Takes up what the last run left, then answers. */
  static async start(context: Context, challenge: Challenge): Promise<Broker> {
    const standing = await loadStanding(context.keep, context.now);
    const books = await Books.open(context, standing);
    const broker = new Broker(context, { challenge, standing, books });
    await broker.#takeUp();
    await broker.#serve();
    broker.#observe();
    broker.#roster.start();
    return broker;
  }

  /** The oldest first. */
  get jobs(): readonly BrokerJob[] {
    return [...this.#finished.values(), ...this.#running.values()];
  }

  get roster(): Roster {
    return this.#roster;
  }

  get books(): Books {
    return this.#books;
  }

  get standing(): Standing {
    return this.#standing;
  }

  async stop(): Promise<void> {
    this.#timers.forEach((timer) => clearTimeout(timer));
    this.#candidacies.stop();
    await Promise.all(this.#running.values().map((job) => job.stop()));
  }

  async #serve(): Promise<void> {
    const { network } = this.#context;
    await network.handle(QUOTE, (bytes, caller) => this.#quote(bytes, caller));
    await network.handle(SUBMIT, (bytes, caller) => this.#submit(bytes, caller));
    await network.handle(WATCH, (bytes, caller) => this.#watch(bytes, caller));
    await network.handle(RESULT, (bytes, caller) => this.#result(bytes, caller));
    await network.handle(CANCEL, (bytes, caller) => this.#cancel(bytes, caller));
    await network.handle(JOBS, () => this.#outline());
    await network.handle(TERMS, (bytes) => this.#terms(bytes));
    await network.handle(REPORT, (bytes, caller) => this.#report(bytes, caller));
    await this.#candidacies.serve();
  }

  #observe(): void {
    const { network, board } = this.#context;
    network.observe((event) => {
      const kind = PRESENCE[event.kind];
      if (kind === undefined) return;
      const { peer } = event as Extract<typeof event, { peer: PeerId }>;
      this.#running.forEach((job) => job.onPresence(kind, peer));
    });
    board.listen((notice) => this.#onNotice(notice));
  }

  #onNotice(notice: Notice): void {
    if (notice.kind !== "Receipt" || notice.sender === this.#context.network.peer) return;
    this.#standing.heard(notice);
  }

  // ---- dApps

  async #quote(bytes: Uint8Array, caller: Caller): Promise<Uint8Array> {
    const message = await openRequest(bytes, caller);
    using _ = this.#desk.enter(caller.peer);
    const { size } = await this.#examine(message, caller.signal);
    const { least, typical, providers } = this.#roster.quote(size.total);
    const { stepsPerLeaf, leaves, total } = size;
    const quoted = { stepsPerLeaf, leaves, constraints: total, least, typical };
    return encodeCanonical(quotation, { ...quoted, provers: providers });
  }

  async #submit(bytes: Uint8Array, caller: Caller): Promise<Uint8Array> {
    const message = await openRequest(bytes, caller);
    const name = `${message.sender}/${message.content.nonce}`;
    const known = this.#asked.get(name);
    if (known !== undefined) return resume(await known, message);
    const place = this.#desk.enter(message.sender);
    const taking = this.#take(message).finally(() => place[Symbol.dispose]());
    this.#asked.set(name, taking);
    taking.catch(() => this.#asked.delete(name));
    return (await taking).order.bytes;
  }

  /** Not ended when the caller hangs up: he may be asking again at this moment. */
  async #take(message: SignedMessage<"ProofRequest">): Promise<Signed> {
    const { shelf, stopping } = this.#context;
    const { id: job, content } = message;
    this.#checkRoom();
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(TAKE_MS)]);
    this.#taking++;
    try {
      if (this.#roster.speeds().length === 0) await this.#roster.refresh();
      await shelf.hold(ownerOf(job), content.program, content.input.blob);
      const accepted = await this.#examine(message, signal);
      this.#checkPrice(accepted);
      return await this.#order(accepted);
    } catch (error) {
      await shelf.release(ownerOf(job));
      throw error;
    } finally {
      this.#taking--;
    }
  }

  #checkRoom(): void {
    const size = this.#running.size + this.#taking;
    if (size < this.#context.brokerConfig.maxJobs) return;
    throw new RequestRefused("BUSY", `this broker runs ${size} jobs: ask another one`);
  }

  /** The order is written down, with the money set aside for it, before anybody hears of it: the standbys first. */
  async #order(accepted: Accepted): Promise<Signed> {
    const { network, journal } = this.#context;
    const { job, requester, request, message, size } = accepted;
    const { maxPrice, deadline } = request;
    const standbys = await this.#candidacies.standbys(this.#roster.brokers);
    const content = { job, requester, standbys, maxPrice, deadline };
    const order = await signMessage(network.signer, "Order", content);
    const record: JobRecord = {
      request: message.bytes,
      order: order.bytes,
      size,
      result: { kind: "running" },
    };
    await journal.put(job, record, ...this.#books.open(job, requester, maxPrice));
    const signed = { request: message, order };
    const leadership = await this.#candidacies.open(job, signed, true);
    await this.#run({ accepted, order, record, past: { entries: [], updates: [] }, leadership });
    await leadership.begin();
    return signed;
  }

  async #run(
    job: Pick<RunnerInit, "accepted" | "order" | "record" | "past" | "leadership">,
  ): Promise<JobRunner> {
    const init = { context: this.#context, roster: this.#roster, books: this.#books };
    const onOver = (last: JobUpdate): void => {
      this.#finish(runner);
      void this.#candidacies.over(runner.job, last);
    };
    const runner = new JobRunner({ ...init, ...job, onOver });
    this.#running.set(runner.job, runner);
    await runner.takeUp();
    void runner.start();
    return runner;
  }

  #finish(job: BrokerJob): void {
    const { now, brokerConfig } = this.#context;
    this.#running.delete(job.job);
    this.#finished.set(job.job, job);
    const forgetAt = (job.record.ended ?? now()) + brokerConfig.keepMs;
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#forget(job);
      },
      Math.min(LONGEST_MS, Math.max(0, forgetAt - now())),
    );
    this.#timers.add(timer.unref());
    const [oldest] = this.#finished.values();
    if (this.#finished.size > MOST_FINISHED && oldest !== undefined) this.#forget(oldest);
  }

  #forget({ job, requester, request }: BrokerJob): void {
    const { journal, emit } = this.#context;
    if (!this.#finished.delete(job)) return;
    this.#asked.delete(`${requester}/${request.content.nonce}`);
    journal
      .forget(job)
      .catch((error: unknown) =>
        emit({ kind: "handler-failed", where: "forgetting a job", error }),
      );
  }

  // ---- after a restart

  async #takeUp(): Promise<void> {
    const { journal, shelf } = this.#context;
    const jobs = shelf.owners().filter((owner) => owner.startsWith("job/"));
    const left = new Set(jobs.map((owner) => owner.split("/", 2).join("/")));
    for (const kept of await journal.all()) {
      const { job, record } = kept;
      const signed = await openSigned(record);
      this.#remember(signed);
      if (record.result.kind !== "running") this.#keepFinished(kept, signed);
      else {
        left.delete(ownerOf(job));
        await (await this.#candidacies.open(job, signed, false)).begin();
      }
    }
    for (const owner of left) await shelf.release(owner);
  }

  #remember(signed: Signed): void {
    const { sender, content } = signed.request;
    this.#asked.set(`${sender}/${content.nonce}`, Promise.resolve(signed));
  }

  #onFollowed(job: CIDText, signed: Signed): void {
    this.#remember(signed);
    this.#context.emit({ kind: "job-followed", job, broker: signed.order.sender });
  }

  /** After a restart, or when who led it stays away. */
  async #lead(job: CIDText, signed: Signed, leadership: Leadership): Promise<void> {
    const { journal, keep } = this.#context;
    const kept = (await journal.one(job))!;
    const { requester, maxPrice } = signed.order.content;
    await keep.commit(this.#books.open(job, requester, maxPrice));
    try {
      const accepted = await this.#reopen(signed, kept.record);
      const { entries, updates, record } = kept;
      const runner = await this.#run({
        accepted,
        order: signed.order,
        record,
        past: { entries, updates },
        leadership,
      });
      this.#tellResumed(kept, runner.result.kind);
    } catch (error) {
      const reason = messageOf(error);
      this.#context.emit({ kind: "job-not-resumed", job, reason });
      if (leadership.candidates.length > 1) throw error; // somebody else may have it
      await this.#giveUp(kept, signed, reason);
    }
  }

  #tellResumed({ job, entries, updates }: KeptJob, phase: BrokerJob["result"]["kind"]): void {
    const counts = { entries: entries.length, updates: updates.length };
    this.#context.emit({ kind: "job-resumed", job, phase, ...counts });
  }

  /** Somebody else leads it now. */
  async #stepDown(job: CIDText): Promise<void> {
    const runner = this.#running.get(job);
    this.#running.delete(job);
    await runner?.stop();
  }

  /** The end of a job at whoever led it: its requester can have the proof here, too. */
  async #conclude(
    job: CIDText,
    signed: Signed,
    { last, from }: { readonly last: JobUpdate; readonly from: PeerId },
  ): Promise<void> {
    const { journal, shelf, network, brokerConfig, now, stopping: signal } = this.#context;
    const result = resultOf(last);
    if (result.kind === "done") {
      await shelf.expire(result.proof, brokerConfig.keepMs);
      const options = { from: [from], maxBytes: result.bytes, signal };
      await network.blobs.download(result.proof, options);
    }
    await this.#stepDown(job);
    const kept = (await journal.one(job))!;
    const payments = await lastPayments(this.#context, this.#books, kept, last);
    const ended = { ...kept.record, result, ended: now() };
    const rest = this.#books.settle(job);
    const told = [...payments, last];
    await insist(() => journal.end(job, ended, told, ...rest), signal);
    await shelf.release(ownerOf(job));
    const updates = [...kept.updates, ...told];
    this.#keepFinished({ job, record: ended, entries: [], updates }, signed);
  }

  #keepFinished(kept: KeptJob, signed: Signed): void {
    const finished = finishedJob(kept, signed.request, signed.order);
    const { result } = kept.record;
    if (result.kind === "done") {
      this.#context.shelf.allow(result.proof, finished.requester, ...candidatesOf(signed.order));
    }
    this.#finish(finished);
    this.#tellResumed(kept, result.kind);
  }

  /** What it needs is not there any more. */
  async #giveUp({ job, record, updates }: KeptJob, signed: Signed, message: string): Promise<void> {
    const { now, journal } = this.#context;
    const result = { kind: "failed", reason: "LOST", message: message.slice(0, 500) } as const;
    const last = { sequence: (updates.at(-1)?.sequence ?? -1) + 1, at: now(), event: result };
    const ended = { ...record, result, ended: now() };
    await journal.end(job, ended, [last], ...this.#books.settle(job));
    this.#keepFinished({ job, record: ended, entries: [], updates: [...updates, last] }, signed);
    await this.#candidacies.over(job, last);
  }

  async #reopen({ request: message }: Signed, { size }: JobRecord): Promise<Accepted> {
    const { stopping: signal } = this.#context;
    const { content: request, sender: requester, id: job } = message;
    const key = keyFor(this.#context, request);
    const { program, input } = await fetchMaterial(this.#context, message, signal);
    return { job, requester, message, request, program, key, input, size };
  }

  #examine(message: SignedMessage<"ProofRequest">, signal: AbortSignal): Promise<Accepted> {
    const slots = this.#roster.speeds().reduce((sum, { slots: n }) => sum + n, 0);
    const threads = Math.max(1, slots);
    return examine(this.#context, message, { threads, signal });
  }

  #checkPrice({ request, size }: Accepted): void {
    const { least, providers } = this.#roster.quote(size.total);
    if (providers === 0 || least <= request.maxPrice) return;
    throw new RequestRefused(
      "PRICE",
      `the job costs at least ${least} with the cheapest of ${providers} provers, the price cap is ${request.maxPrice}: raise the cap or wait for cheaper provers`,
    );
  }

  async #watch(bytes: Uint8Array, { peer, signal }: Caller): Promise<Uint8Array> {
    const { job, from, waitMs } = decodeCanonical(watchRequest, bytes, "watch request");
    const { updates } = this.#jobOf(job, peer);
    const news = await updates.from(from, waitMs, signal);
    const over = updates.isOver((news.at(-1)?.sequence ?? from - 1) + 1);
    return encodeCanonical(watchReply, { updates: news, over });
  }

  #result(bytes: Uint8Array, { peer }: Caller): Uint8Array {
    const { job } = decodeCanonical(jobName, bytes, "job");
    return encodeCanonical(jobResult, this.#jobOf(job, peer).result);
  }

  /** What everybody may know: auctions tell as much. */
  #outline(): Uint8Array {
    const newest = this.jobs.slice(-MAX_OUTLINES);
    const told = newest.map(({ job, result, tasks: { all: tasks, verified } }) => {
      return { job, phase: result.kind, tasks, verified };
    });
    return encodeCanonical(outlines, told);
  }

  async #cancel(bytes: Uint8Array, { peer }: Caller): Promise<Uint8Array> {
    const { sender, content } = await openMessage(verifySignature, bytes, "Cancel");
    if (sender !== peer) throw new RequestRefused("NOT_YOURS", "the message is somebody else's");
    const { job } = this.#jobOf(content.job, peer);
    this.#running.get(job)?.cancel();
    return new Uint8Array();
  }

  /** A job is shown to nobody but its requester: updates and proof tell about the computation. */
  #jobOf(job: CIDText, peer: PeerId): BrokerJob {
    const found = this.#running.get(job) ?? this.#finished.get(job);
    if (found?.requester === peer) return found;
    throw this.#candidacies.leaderOf(job)?.requester === peer
      ? this.#elsewhere(job)
      : unknownJob(job);
  }

  /** Why there is nothing to say of a job here. */
  #elsewhere(job: CIDText): RequestRefused {
    const { leader } = this.#candidacies.leaderOf(job) ?? {};
    if (leader === undefined) return unknownJob(job);
    return new RequestRefused("NOT_LEADING", `job ${job} is led by ${leader}, this broker follows`);
  }

  // ---- workers

  #terms(bytes: Uint8Array): Uint8Array {
    const { job } = decodeCanonical(jobName, bytes, "job");
    const found = this.#running.get(job);
    if (found === undefined) throw this.#elsewhere(job);
    const { request, order, record } = found;
    const { stepsPerLeaf } = record.size;
    const told = { request: request.bytes, order: order.bytes, stepsPerLeaf };
    return encodeCanonical(terms, told);
  }

  async #report(bytes: Uint8Array, { peer }: Caller): Promise<Uint8Array> {
    const kinds = ["Progress", "Checkpoint", "Delivery", "Refusal"] as const;
    const message = await openMessage(verifySignature, bytes, ...kinds);
    if (message.sender !== peer) {
      throw new RequestRefused("NOT_YOURS", "the message is somebody else's");
    }
    const runner = this.#running.get(message.content.job);
    if (runner === undefined) throw this.#elsewhere(message.content.job);
    await runner.onReport(message);
    if (message.kind === "Delivery") this.#running.forEach((job) => job.wakeAuctions()); // its slot is free again
    return new Uint8Array();
  }
}
