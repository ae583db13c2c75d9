// The prover's and the aggregator's side: leases come, work is done in worker threads, nodes are delivered.

import { totalmem } from "node:os";
import { type HolderEvent, type HolderState, holdNothing, stepHolder } from "@foldmesh/jobs";
import { type Caller, RequestRefused, cidOfBytes } from "@foldmesh/network";
import {
  type Benchmark,
  type CIDText,
  type Contents,
  type Lease,
  type PeerId,
  type RefusalReason,
  type SignedMessage,
  openMessage,
  verifySignature,
} from "@foldmesh/protocol";
import type { Program } from "@foldmesh/r1cs";
import type { Notice } from "../board.ts";
import type { Context } from "../context.ts";
import { NodeError, messageOf } from "../errors.ts";
import { LEASE } from "../methods.ts";
import { missingPowers } from "../powers.ts";
import type { SessionLease } from "../sessions.ts";
import { type Admission, createAdmission } from "./admission.ts";
import { Bidder } from "./bidder.ts";
import { type Earnings, createEarnings } from "./earnings.ts";
import { type JobTerms, checkSize } from "./job-terms.ts";
import { KeptLeases, type LeftLease } from "./kept-leases.ts";
import {
  type Place,
  isOver,
  isSameWork,
  nameOf,
  placeOf,
  reasonOf,
  refusalCode,
} from "./lease-words.ts";
import { createPace } from "./pace.ts";
import { Patrons } from "./patrons.ts";
import { Reporter } from "./reporter.ts";
import { type Speedometer, createSpeedometer } from "./speedometer.ts";
import { BadResume, batchOf, contextOf } from "./tasks.ts";

interface Running {
  /** as its leader confirmed it last */
  message: SignedMessage<"Lease">;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/** A lease to be worked under. */
interface Offered {
  readonly message: SignedMessage<"Lease">;
  readonly constraints: number;
  /** what the last run left of it */
  readonly left?: LeftLease;
}

interface HandedIn {
  delivery: Contents["Delivery"];
  readonly broker: PeerId;
}

/** The lease is not this node's any more. */
class LeaseOver extends Error {
  override readonly name: string = "LeaseOver";
}

interface Ready {
  readonly terms: JobTerms;
  readonly program: Program;
  readonly used: SessionLease;
}

const PROGRESS_MS = 250;
/** What a broker is told at the end: it may be gone itself, and nobody waits for that. */
const FAREWELL_MS = 1_500;

export class Worker {
  readonly #context: Context;
  readonly #speed: Speedometer;
  readonly #bidder: Bidder;
  readonly #admission: Admission;
  #holder: HolderState;
  readonly #running = new Map<string, Running>();
  readonly #reporter: Reporter;
  /** constraints of the work under each lease */
  readonly #sizes = new Map<string, number>();
  /** leases whose work is done and only has to be handed in */
  readonly #done = new Set<string>();
  readonly #kept: KeptLeases;
  /** by lease */
  readonly #handedIn = new Map<string, HandedIn>();
  readonly #patrons: Patrons;
  /** a program is being opened for a bid */
  #isWarmingUp = false;
  readonly #farewells: Promise<void>[] = [];
  readonly #earnings: Earnings;

  private constructor(context: Context, benchmark: Benchmark) {
    this.#context = context;
    this.#reporter = new Reporter(context);
    this.#earnings = createEarnings(context);
    this.#kept = new KeptLeases(context);
    this.#speed = createSpeedometer(benchmark, context.workerConfig.maxConcurrent);
    this.#holder = holdNothing(context.workerConfig.maxConcurrent);
    const { threads, shelf, programs, workerConfig } = context;
    const memoryBytes = workerConfig.memoryBytes ?? 0.8 * totalmem();
    const diskRoom = (): number => shelf.room();
    const programBytes = (): number => programs.held();
    this.#admission = createAdmission({ memoryBytes, programBytes, diskRoom, threads });
    this.#patrons = new Patrons(context.now);
    this.#bidder = new Bidder(context, this.#speed, {
      patrons: this.#patrons,
      fits: (program, lot) => this.#admission.whyNot(program, lot) === undefined,
      free: () => this.free,
      held: () => this.#atWork(),
      onBid: (job, broker) => this.#warmUp(job, broker),
      leaderOf: (job, broker) => this.#reporter.leaderOf(job, broker),
    });
  }

  /** Begins to bid and to answer. */
  static async start(context: Context, benchmark: Benchmark): Promise<Worker> {
    const worker = new Worker(context, benchmark);
    await worker.#bidder.takeUp();
    await context.network.handle(LEASE, (bytes, caller) => worker.#onMessage(bytes, caller));
    context.board.listen((notice) => worker.#onNotice(notice));
    await worker.#takeUp();
    return worker;
  }

  /** Leases that there is room for. */
  get free(): number {
    return Math.max(0, this.#holder.capacity - this.#atWork().length);
  }

  get held(): readonly Lease[] {
    return this.#holder.held;
  }

  /** Without those that are being handed in: their work is done. */
  #atWork(): readonly Lease[] {
    return this.#holder.held.filter((lease) => !this.#done.has(nameOf(lease)));
  }

  /** Gives back what is held and waits until nothing runs. */
  async stop(): Promise<void> {
    const running = [...this.#running.values()];
    this.#step({ kind: "shutDown" });
    await Promise.all([...running.map(({ ended }) => ended), ...this.#farewells]);
    await this.#earnings.settled();
  }

  #onNotice(notice: Notice): void {
    this.#bidder.onNotice(notice);
    if (notice.kind !== "Receipt" || notice.content.peer !== this.#context.network.peer) return;
    const { sender, content } = notice;
    const name = nameOf(content);
    const broker = this.#patrons.brokerOf(name);
    if (broker === undefined) return;
    if (!this.#reporter.candidatesOf(content.job, broker).includes(sender)) return;
    this.#patrons.onReceipt(name);
    this.#earnings.add(notice);
  }

  async #onMessage(bytes: Uint8Array, { peer }: Caller): Promise<Uint8Array> {
    const kinds = ["BrokerLease", "Lease", "LeaseRenewal", "Revocation"] as const;
    const message = await openMessage(verifySignature, bytes, ...kinds);
    const { kind, sender, content } = message;
    const isOurs = kind === "BrokerLease" || message.content.peer === this.#context.network.peer;
    if (sender !== peer || !isOurs) {
      throw new RequestRefused("MISDIRECTED", "this message is somebody else's");
    }
    if (kind === "BrokerLease") {
      await this.#reporter.onClaim(message);
      const { job } = message.content;
      this.#bidder.releaseJob(job, (each) => this.#reporter.leaderOf(job, each) !== each);
      return new Uint8Array();
    }
    this.#reporter.checkLeads(content.job, peer);
    if (kind === "Lease") this.#onLease(message);
    else this.#onWord(message);
    return new Uint8Array();
  }

  #onWord({ kind, sender, content }: SignedMessage<"LeaseRenewal" | "Revocation">): void {
    if (this.#isLedBy(this.#running.get(nameOf(content))?.message, sender)) {
      const what = kind === "LeaseRenewal" ? "renewed" : "revoked";
      this.#step({ ...content, kind: what } as HolderEvent);
    } else if (kind === "Revocation") this.#bidder.release(content, sender);
  }

  #isLedBy(lease: SignedMessage<"Lease"> | undefined, broker: PeerId): boolean {
    return (
      lease !== undefined && this.#reporter.leaderOf(lease.content.job, lease.sender) === broker
    );
  }

  /** The same lease sent again, or confirmed by who leads the job now. @throws RequestRefused STALE_EPOCH */
  #onConfirmed(running: Running, message: SignedMessage<"Lease">): void {
    if (!this.#isLedBy(running.message, message.sender)) return;
    if (!isSameWork(running.message.content, message.content))
      throw new RequestRefused("STALE_EPOCH", "this node works under another lease of this name");
    running.message = message;
  }

  #onLease(message: SignedMessage<"Lease">): void {
    const { sender, content: lease } = message;
    const running = this.#running.get(nameOf(lease));
    const made = this.#handedIn.get(nameOf(lease));
    if (made !== undefined && this.#reporter.leaderOf(lease.job, made.broker) === sender) {
      made.delivery = { ...made.delivery, lease: message.id };
      if (running === undefined) return void this.#handInAgain(made);
    }
    if (running !== undefined) return this.#onConfirmed(running, message);
    const lot = this.#bidder.take(lease, sender);
    if (lot === undefined) throw new RequestRefused("NOT_BID", "this node made no such bid");
    const overload = this.#admission.whyNot(lease.program, lot);
    if (overload !== undefined) {
      this.#context.emit({ kind: "work-refused", ...placeOf(lease), reason: "overloaded" });
      throw new RequestRefused("OVERLOADED", `this node is overloaded: ${overload}`);
    }
    this.#admission.take(nameOf(lease), lease.program, lot);
    this.#sizes.set(nameOf(lease), lot.constraints);
    const refusal = this.#step(
      { kind: "offered", lease },
      { message, constraints: lot.constraints },
    );
    if (refusal === undefined) return;
    this.#admission.release(nameOf(lease));
    this.#context.emit({ kind: "work-refused", ...placeOf(lease), reason: refusal });
    throw new RequestRefused(refusalCode(refusal), `this node is ${refusal}`);
  }

  /** @returns why the offered lease was refused */
  #step(event: HolderEvent, offer?: Offered): RefusalReason | undefined {
    const { state, effects } = stepHolder(this.#holder, event);
    this.#holder = state;
    let refusal: RefusalReason | undefined;
    for (const { kind, lease, ...effect } of effects) {
      if (kind === "start") this.#start(lease, offer!);
      else if (kind === "stop") this.#halt(lease);
      else if (event.kind === "offered")
        ({ reason: refusal } = effect as { reason: RefusalReason });
      else this.#giveBack(lease, (effect as { reason: RefusalReason }).reason);
    }
    return refusal;
  }

  #start(lease: Lease, offer: Offered): void {
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, this.#context.stopping]);
    const broker = offer.message.sender;
    const ended = this.#work(lease, offer, signal);
    this.#running.set(nameOf(lease), { message: offer.message, controller, ended });
    this.#patrons.onLease(nameOf(lease), broker);
  }

  #halt(lease: Lease): void {
    this.#running.get(nameOf(lease))?.controller.abort();
    this.#context.emit({ kind: "work-stopped", ...placeOf(lease) });
  }

  /** Never rejects. */
  async #work(lease: Lease, offer: Offered, signal: AbortSignal): Promise<void> {
    const broker = offer.message.sender;
    try {
      const from =
        offer.left === undefined ? lease : await this.#resume(offer.left, broker, signal);
      await this.#kept.hold(offer.message, offer.constraints);
      await this.#prove(from, offer.message, signal);
    } catch (error) {
      if (error instanceof LeaseOver)
        this.#context.emit({ kind: "work-stopped", ...placeOf(lease) });
      else if (!signal.aborted) await this.#fail(lease, broker, error);
    } finally {
      this.#running.delete(nameOf(lease));
      this.#sizes.delete(nameOf(lease));
      this.#admission.release(nameOf(lease));
      this.#done.delete(nameOf(lease));
      this.#step({ kind: "finished", ...placeOf(lease) });
      if (!this.#handedIn.has(nameOf(lease))) this.#forget(lease);
    }
  }

  async #prove(lease: Lease, message: SignedMessage<"Lease">, signal: AbortSignal): Promise<void> {
    const started = performance.now();
    const { emit, shelf } = this.#context;
    const broker = message.sender;
    const place = placeOf(lease);
    emit({ kind: "work-started", ...place, work: lease.kind, range: lease.range });
    const leader = this.#reporter.leaderOf(lease.job, broker);
    const { terms, program, used } = await this.#ready(lease.job, leader, signal);
    using _ = used;
    if (lease.stepsPerLeaf !== terms.stepsPerLeaf) {
      throw new BadResume("the lease is of leaves of another size than the job's");
    }
    const { session } = used;
    checkSize(session, message.content, this.#sizes.get(nameOf(lease)) ?? Infinity);
    const onProgress = this.#progressReports(lease, broker);
    const pace = createPace(this.#context.workerConfig.checkpointMs);
    const onCheckpoint = (done: number, node: Uint8Array): void =>
      pace.maybe(() => this.#checkpoint(lease, terms, done, node.slice()));
    const task = { lease, terms, program, session, signal, onProgress, onCheckpoint };
    const begun = performance.now();
    const node = await this.#context.perform(this.#context, task);
    this.#speed.learn(this.#sizes.get(nameOf(lease)) ?? 0, performance.now() - begun);
    shelf.allow(cidOfBytes(node), ...terms.candidates);
    const { message: confirmed = message } = this.#running.get(nameOf(lease)) ?? {};
    const cid = await this.#kept.made(confirmed, node);
    const batch = batchOf(this.#context);
    const delivery = {
      ...place,
      range: lease.range,
      node: cid,
      bytes: node.length,
      lease: (this.#running.get(nameOf(lease))?.message ?? message).id,
      ...(lease.kind === "prove" && { batch }),
    };
    this.#done.add(nameOf(lease));
    this.#patrons.onDelivered(nameOf(lease), terms.request.deadline);
    const made = { delivery, broker };
    this.#handIn(made);
    await this.#reporter.insist(broker, "Delivery", () => made.delivery, signal);
    const ms = Math.round(performance.now() - started);
    emit({ kind: "work-delivered", ...place, bytes: node.length, ms });
  }

  /** Everything that work on a job needs before its inputs. */
  async #ready(job: CIDText, broker: PeerId, signal: AbortSignal): Promise<Ready> {
    const { programs, sessions, powers } = this.#context;
    const terms = await this.#reporter.termsOf(job, broker);
    const { stepsPerLeaf, request, requester } = terms;
    const key = powers.keyOf(request.powers);
    if (key === undefined) throw new NodeError("TERMS", missingPowers(request.powers!));
    const program = await programs.get(request.program, [broker, requester], signal);
    const system = { program, stepsPerLeaf, context: contextOf(terms), key };
    const used = await sessions.use(system, signal);
    return { terms, program, used };
  }

  /** The program is opened while the auction runs: a winner begins at once. */
  #warmUp(job: CIDText, broker: PeerId): void {
    if (this.#isWarmingUp) return; // a session is large, and an announcement costs nothing
    this.#isWarmingUp = true;
    const ready = this.#ready(job, broker, this.#context.stopping);
    ready
      .then(
        ({ used }) => used[Symbol.dispose](),
        () => undefined, // said when there is a lease
      )
      .finally(() => (this.#isWarmingUp = false));
  }

  #progressReports(lease: Lease, broker: PeerId): (done: number) => void {
    let last = 0;
    return (done) => {
      this.#context.emit({ kind: "work-progress", ...placeOf(lease), done });
      const now = performance.now();
      if (now - last < PROGRESS_MS || done >= lease.range.end) return;
      last = now;
      void this.#reporter
        .report(broker, "Progress", { ...placeOf(lease), done })
        .catch((error: unknown) => this.#onRefused(lease, error)); // the next one may arrive
    };
  }

  async #checkpoint(lease: Lease, terms: JobTerms, done: number, node: Uint8Array): Promise<void> {
    const { shelf, emit } = this.#context;
    const started = performance.now();
    const cid = cidOfBytes(node);
    shelf.allow(cid, ...terms.candidates);
    const range = { start: lease.range.start, end: done };
    const batch = batchOf(this.#context);
    const content = { ...placeOf(lease), done: range, node: cid, bytes: node.length, batch };
    await this.#kept.checkpoint(content, node);
    const ms = Math.round(performance.now() - started);
    emit({ kind: "checkpointed", ...placeOf(lease), done, ms });
    await this.#reporter
      .report(terms.broker, "Checkpoint", content)
      .catch((error: unknown) => this.#onRefused(lease, error)); // the next one may arrive
  }

  /** The broker knows nothing of the lease any more: what is done for it is of no use. */
  #onRefused(lease: Lease, error: unknown): void {
    if (isOver(error)) this.#step({ kind: "revoked", ...placeOf(lease) });
  }

  // ---- after the work

  /** Kept for a while: a broker that was killed meanwhile, or its standby, may ask for it again. */
  #handIn(made: HandedIn, keptMs = 0): void {
    const { delivery } = made;
    this.#handedIn.set(nameOf(delivery), made);
    const left = Math.max(0, this.#context.workerConfig.keepMs - keptMs);
    const timer = setTimeout(() => {
      this.#handedIn.delete(nameOf(delivery));
      this.#forget(delivery);
    }, left);
    timer.unref();
  }

  async #handInAgain(made: HandedIn): Promise<void> {
    const { delivery, broker } = made;
    const { shelf, stopping, workerConfig } = this.#context;
    shelf.allow(delivery.node, this.#reporter.leaderOf(delivery.job, broker));
    const limit = AbortSignal.any([stopping, AbortSignal.timeout(workerConfig.keepMs)]);
    await this.#reporter.insist(broker, "Delivery", () => made.delivery, limit).catch(() => {}); // nobody wants it
  }

  #forget(place: Place): void {
    const { stopping, emit } = this.#context;
    this.#kept.drop(place).catch((error: unknown) => {
      if (!stopping.aborted) emit({ kind: "handler-failed", where: "forgetting a lease", error });
    });
  }

  // ---- after a restart

  /** What the last run left: work goes on from its checkpoint, what was made is handed in again. */
  async #takeUp(): Promise<void> {
    const { now, workerConfig, emit } = this.#context;
    for (const left of await this.#kept.left()) {
      const { message, held, checkpoint } = left;
      const lease = message.content;
      const { delivered } = held;
      const state = delivered ? "delivered" : "working";
      emit({ kind: "lease-resumed", ...placeOf(lease), state, done: checkpoint?.done.end });
      if (delivered === undefined) {
        const { constraints } = held;
        this.#sizes.set(nameOf(lease), constraints);
        this.#step({ kind: "offered", lease }, { message, constraints, left });
      } else if (now() > delivered.at + workerConfig.keepMs) this.#forget(lease);
      else {
        const batch = lease.kind === "prove" ? { batch: batchOf(this.#context) } : {};
        const { node, bytes, at } = delivered;
        const named = { range: lease.range, lease: message.id };
        const delivery = { ...placeOf(lease), ...named, node, bytes, ...batch };
        const made = { delivery, broker: message.sender };
        this.#patrons.onLease(nameOf(lease), message.sender);
        this.#handIn(made, now() - at);
        void this.#handInAgain(made);
      }
    }
  }

  /**
   * The lease from its checkpoint on, once its broker is there again and says that it still holds.
   * @throws LeaseOver when somebody else has it by now, or the broker does not come back
   */
  async #resume(
    { message, checkpoint }: LeftLease,
    broker: PeerId,
    signal: AbortSignal,
  ): Promise<Lease> {
    const lease = message.content;
    const { network, workerConfig } = this.#context;
    const isOurs = checkpoint?.batch === batchOf(this.#context); // a node's shape is a matter of its batches
    const done = isOurs ? checkpoint.done.end : lease.range.start;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(workerConfig.keepMs)]);
    try {
      await this.#reporter.insist(broker, "Progress", () => ({ ...placeOf(lease), done }), limit);
    } catch (error) {
      throw new LeaseOver(messageOf(error), { cause: error });
    }
    if (limit.aborted) throw new LeaseOver("its broker did not come back");
    if (!isOurs) return lease;
    const { node, bytes } = checkpoint;
    return { ...lease, resume: { done: checkpoint.done, node, bytes, holders: [network.peer] } };
  }

  async #fail(lease: Lease, broker: PeerId, error: unknown): Promise<void> {
    this.#context.emit({ kind: "work-failed", ...placeOf(lease), reason: messageOf(error) });
    const content = { ...placeOf(lease), reason: reasonOf(error) };
    const limit = AbortSignal.timeout(FAREWELL_MS);
    await this.#reporter.report(broker, "Refusal", content, limit).catch(() => {}); // the lease then runs out
  }

  #giveBack(lease: Lease, reason: RefusalReason): void {
    const broker = this.#running.get(nameOf(lease))?.message.sender;
    if (broker === undefined) return;
    const limit = AbortSignal.timeout(FAREWELL_MS);
    const said = this.#reporter.report(broker, "Refusal", { ...placeOf(lease), reason }, limit);
    this.#farewells.push(said.catch(() => {})); // it then runs out
  }
}
