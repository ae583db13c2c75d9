// The broker's desk: requests of dApps, reports of workers.

import {
  CANCEL,
  HELLO,
  JOBS,
  MAX_OUTLINES,
  MAX_UPDATES,
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
import type { Context } from "../context.ts";
import { REPORT, TERMS, terms } from "../methods.ts";
import { type Accepted, type Shapes, examine } from "./accept.ts";
import { Books } from "./books.ts";
import { JobRunner } from "./job-runner.ts";
import { type Challenge, Roster } from "./roster.ts";
import { type Standing, createStanding } from "./standing.ts";

export const SOFTWARE = "foldmesh/0";

/** What the network says of a peer's presence, and what that means to a job. */
const PRESENCE: Readonly<Record<string, "reconnected" | "disconnected">> = {
  connected: "reconnected",
  answering: "reconnected",
  silent: "disconnected",
  disconnected: "disconnected",
};

export class Broker {
  readonly #context: Context;
  readonly #standing: Standing;
  readonly #roster: Roster;
  readonly #books: Books;
  readonly #jobs = new Map<CIDText, JobRunner>();
  /** by requester and nonce: what was asked once is one job */
  readonly #asked = new Map<string, Promise<JobRunner>>();

  readonly #shapes: Shapes = new Map();

  private constructor(context: Context, challenge: Challenge) {
    this.#context = context;
    this.#standing = createStanding(context.now);
    this.#roster = new Roster(context, this.#standing, challenge);
    this.#books = new Books(context, this.#standing);
  }

  static async start(context: Context, challenge: Challenge): Promise<Broker> {
    const broker = new Broker(context, challenge);
    await broker.#serve();
    broker.#observe();
    broker.#roster.start();
    return broker;
  }

  get jobs(): readonly JobRunner[] {
    return [...this.#jobs.values()];
  }

  get roster(): Roster {
    return this.#roster;
  }

  get standing(): Standing {
    return this.#standing;
  }

  async stop(): Promise<void> {
    await Promise.all(this.jobs.map((job) => job.stop()));
  }

  async #serve(): Promise<void> {
    const { network } = this.#context;
    await network.handle(HELLO, () =>
      encodeCanonical(greeting, { versions: [PROTOCOL_VERSION], software: SOFTWARE }),
    );
    await network.handle(QUOTE, (bytes, caller) => this.#quote(bytes, caller));
    await network.handle(SUBMIT, (bytes, caller) => this.#submit(bytes, caller));
    await network.handle(WATCH, (bytes, caller) => this.#watch(bytes, caller));
    await network.handle(RESULT, (bytes, caller) => this.#result(bytes, caller));
    await network.handle(CANCEL, (bytes, caller) => this.#cancel(bytes, caller));
    await network.handle(JOBS, () => this.#outline());
    await network.handle(TERMS, (bytes) => this.#terms(bytes));
    await network.handle(REPORT, (bytes, caller) => this.#report(bytes, caller));
  }

  #observe(): void {
    const { network, board } = this.#context;
    network.observe((event) => {
      const kind = PRESENCE[event.kind];
      if (kind === undefined) return;
      const { peer } = event as Extract<typeof event, { peer: PeerId }>;
      this.jobs.forEach((job) => job.feed({ kind, peer }));
    });
    board.listen((notice) => this.#onNotice(notice));
  }

  #onNotice(notice: Notice): void {
    if (notice.kind !== "Receipt" || notice.sender === this.#context.network.peer) return;
    this.#standing.heard(notice);
  }

  // ---- dApps

  async #quote(bytes: Uint8Array, caller: Caller): Promise<Uint8Array> {
    const { size } = await this.#examine(await openRequest(bytes, caller), caller.signal);
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
    const taking = this.#take(message);
    this.#asked.set(name, taking);
    taking.catch(() => this.#asked.delete(name));
    return (await taking).order.bytes;
  }

  /** Not ended when the caller hangs up: he may be asking again at this moment. */
  async #take(message: SignedMessage<"ProofRequest">): Promise<JobRunner> {
    const { network, brokerConfig, stopping } = this.#context;
    const running = this.jobs.filter(({ result }) => result.kind === "running");
    if (running.length >= brokerConfig.maxJobs) {
      throw new RequestRefused("BUSY", `this broker runs ${running.length} jobs: ask another one`);
    }
    if (this.#roster.speeds().length === 0) await this.#roster.refresh();
    const accepted = await this.#examine(message, stopping);
    this.#checkPrice(accepted);
    const { job, requester, request } = accepted;
    const { maxPrice, deadline } = request;
    const content = { job, requester, standbys: [], maxPrice, deadline };
    const order = await signMessage(network.signer, "Order", content);
    return this.#run(accepted, order);
  }

  #run(accepted: Accepted, order: SignedMessage<"Order">): JobRunner {
    const { job, requester, message } = accepted;
    const onOver = (): void => {
      const timer = setTimeout(() => {
        this.#jobs.delete(job);
        this.#asked.delete(`${requester}/${message.content.nonce}`);
      }, this.#context.brokerConfig.keepMs);
      timer.unref();
    };
    const init = { context: this.#context, roster: this.#roster, books: this.#books };
    const runner = new JobRunner({ ...init, accepted, order, onOver });
    this.#books.open(job, requester, order.content.maxPrice);
    this.#jobs.set(job, runner);
    void runner.start();
    return runner;
  }

  #examine(message: SignedMessage<"ProofRequest">, signal: AbortSignal): Promise<Accepted> {
    const slots = this.#roster.speeds().reduce((sum, { slots: n }) => sum + n, 0);
    const threads = Math.max(1, slots);
    return examine(this.#context, message, { threads, shapes: this.#shapes, signal });
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
    const news = await updates.from(from, MAX_UPDATES, waitMs, signal);
    const over = updates.isOver(from + news.length);
    return encodeCanonical(watchReply, { updates: news, over });
  }

  #result(bytes: Uint8Array, { peer }: Caller): Uint8Array {
    const { job } = decodeCanonical(jobName, bytes, "job");
    return encodeCanonical(jobResult, this.#jobOf(job, peer).result);
  }

  /** What everybody may know: auctions tell as much. */
  #outline(): Uint8Array {
    const newest = this.jobs.slice(-MAX_OUTLINES);
    const told = newest.map(({ accepted, result, state }) => ({
      job: accepted.job,
      phase: result.kind,
      tasks: state?.tasks.length ?? 0,
      verified: state?.tasks.filter((task) => task.state.kind === "Verified").length ?? 0,
    }));
    return encodeCanonical(outlines, told);
  }

  async #cancel(bytes: Uint8Array, { peer }: Caller): Promise<Uint8Array> {
    const { sender, content } = await openMessage(verifySignature, bytes, "Cancel");
    if (sender !== peer) throw new RequestRefused("NOT_YOURS", "the message is somebody else's");
    this.#jobOf(content.job, peer).cancel();
    return new Uint8Array();
  }

  /** A job is shown to nobody but its requester: updates and proof tell about the computation. */
  #jobOf(job: CIDText, peer: PeerId): JobRunner {
    const runner = this.#jobs.get(job);
    if (runner === undefined || runner.accepted.requester !== peer) throw unknownJob(job);
    return runner;
  }

  // ---- workers

  #terms(bytes: Uint8Array): Uint8Array {
    const { job } = decodeCanonical(jobName, bytes, "job");
    const runner = this.#jobs.get(job);
    if (runner === undefined) throw unknownJob(job);
    const { message, size } = runner.accepted;
    const { stepsPerLeaf } = size;
    const told = { request: message.bytes, order: runner.order.bytes, stepsPerLeaf };
    return encodeCanonical(terms, told);
  }

  async #report(bytes: Uint8Array, { peer }: Caller): Promise<Uint8Array> {
    const kinds = ["Progress", "Checkpoint", "Delivery", "Refusal"] as const;
    const message = await openMessage(verifySignature, bytes, ...kinds);
    if (message.sender !== peer) {
      throw new RequestRefused("NOT_YOURS", "the message is somebody else's");
    }
    const runner = this.#jobs.get(message.content.job);
    if (runner === undefined) throw unknownJob(message.content.job);
    runner.onReport(message);
    if (message.kind === "Delivery") this.jobs.forEach((job) => job.wakeAuctions()); // its slot is free again
    return new Uint8Array();
  }
}

async function openRequest(
  bytes: Uint8Array,
  { peer }: Caller,
): Promise<SignedMessage<"ProofRequest">> {
  const message = await openMessage(verifySignature, bytes, "ProofRequest");
  if (message.sender === peer) return message;
  throw new RequestRefused("NOT_YOURS", "the request is signed by somebody else");
}

/** The order of a job asked for before; price and deadline stay as they were. */
function resume(runner: JobRunner, { content }: SignedMessage<"ProofRequest">): Uint8Array {
  const { request } = runner.accepted;
  const isSame =
    request.program === content.program &&
    request.powers === content.powers &&
    request.input.blob === content.input.blob &&
    request.steps === content.steps &&
    request.z0.join() === content.z0.join();
  if (isSame) return runner.order.bytes;
  throw new RequestRefused("ID_REUSED", "this id was used for another computation: take a new one");
}

const unknownJob = (job: CIDText): RequestRefused =>
  new RequestRefused("UNKNOWN_JOB", `this broker knows no job ${job}: submit it again`);
