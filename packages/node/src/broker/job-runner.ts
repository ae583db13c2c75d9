// One job at its broker: the pure machine of jobs, with its clock, its auctions, its messages and its verifications.

import type { JobEvent as Told, JobResult } from "@foldmesh/client";
import { elementFromHex } from "@foldmesh/client";
import {
  JOB_DEFAULTS,
  type JobEffect,
  type JobEvent,
  type JobInit,
  type JobState,
  createJob,
  jobWake,
  planShards,
  step,
} from "@foldmesh/jobs";
import { NetworkError, RequestRefused } from "@foldmesh/network";
import type {
  CIDText,
  Contents,
  Lease,
  Money,
  PeerId,
  Range,
  RefusalReason,
  SignedMessage,
} from "@foldmesh/protocol";
import { signMessage } from "@foldmesh/protocol";
import { encodeProof } from "@foldmesh/prover";
import { type Alarm, createAlarm } from "../alarm.ts";
import type { Context } from "../context.ts";
import { messageOf } from "../errors.ts";
import { LEASE } from "../methods.ts";
import type { SessionLease } from "../sessions.ts";
import { encodeShardInput } from "../shard-input.ts";
import type { Accepted } from "./accept.ts";
import { Auctions } from "./auctions.ts";
import type { Books } from "./books.ts";
import { type Court, judge } from "./judge.ts";
import type { Roster } from "./roster.ts";
import { statesBetweenLeaves } from "./states.ts";
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

/** What a running job stands on once its computation has been executed. */
interface Ground extends Court {
  readonly used: SessionLease;
}

const EXECUTED_MS = 250;
const RESEND_MS = 500;

export class JobRunner {
  readonly #init: RunnerInit;
  readonly #updates: UpdateLog;
  readonly #auctions: Auctions;
  readonly #alarm: Alarm;
  readonly #ending = new AbortController();
  /** what deliveries claim, by task and epoch */
  readonly #claims = new Map<string, Range>();
  /** verified nodes with their ranges: what was verified once is not verified again */
  readonly #verified = new Map<CIDText, Range>();
  readonly #blobs = new Set<CIDText>();
  #ground: Ground | undefined;
  #state: JobState | undefined;
  #result: JobResult = { kind: "running" };
  #paid: Money = 0n;
  #payments: Promise<unknown>[] = [];

  constructor(init: RunnerInit) {
    this.#init = init;
    const { context, roster, accepted } = init;
    const { job, request } = accepted;
    this.#updates = createUpdateLog(context.now);
    this.#alarm = createAlarm(context.now, () => this.feed({ kind: "tick" }));
    this.#auctions = new Auctions({
      context,
      roster,
      job,
      request,
      onOpened: (auction, { lots, bidders }) =>
        this.#tell({
          kind: "auction-opened",
          auction,
          lots: lots.map(({ task, kind, range, reserve }) => ({
            task,
            work: kind,
            range,
            reserve,
          })),
          bidders: bidders.length,
        }),
      onSold: (auction, sold) => {
        const sales = sold.map(({ task, peer, price, duration }) => ({
          task,
          peer,
          price,
          duration,
        }));
        this.#tell({ kind: "auction-closed", auction, sold: sales });
        for (const { task, epoch, peer, price, duration } of sold) {
          this.feed({ kind: "awarded", task, epoch, peer, price, duration });
        }
      },
      onUnsold: (lots) => lots.forEach((lot) => this.feed({ kind: "unsold", ...lot })),
      onFault: (peer) => init.books.blameBidder(peer),
    });
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
    const signal = AbortSignal.any([this.#ending.signal, this.#init.context.stopping]);
    try {
      this.#ground = await this.#prepare(signal);
      if (signal.aborted) return;
      const { state, effects } = createJob(this.#plan(), this.#init.context.now());
      this.#advance(state, effects);
    } catch (error) {
      if (!signal.aborted) this.#fail("EXECUTION", messageOf(error));
    }
  }

  /** One event of the job machine, now. Before the job is planned and after its end nothing happens. */
  feed(event: JobEvent): void {
    if (this.#state === undefined || this.#result.kind !== "running") return;
    const { state, effects } = step(this.#state, event, this.#init.context.now());
    this.#advance(state, effects);
  }

  cancel(): void {
    if (this.#state !== undefined) this.feed({ kind: "cancelled" });
    else this.#fail("CANCELLED", SENTENCES["CANCELLED"]!);
  }

  /** Ends everything without a word; for a node that stops. */
  async stop(): Promise<void> {
    this.#end();
    await Promise.allSettled(this.#payments);
  }

  /** A worker's message; its signature has been checked. */
  onReport({ kind, sender: peer, content }: WorkerReport): void {
    const { task, epoch } = content;
    const from = { task, epoch, peer };
    switch (kind) {
      case "Progress":
        this.feed({ kind: "progress", ...from, done: content.done });
        return this.#tellOfHolder(from, { kind: "progress", ...from, done: content.done });
      case "Delivery": {
        const { node, bytes, range } = content;
        this.#claims.set(`${task}/${epoch}`, range);
        return this.feed({ kind: "delivered", ...from, node, bytes });
      }
      case "Refusal":
        return this.#onRefusal(from, content.reason);
      case "Checkpoint":
        return void this.#backUp(peer, content).catch((error: unknown) =>
          this.#complain("backing up a checkpoint", error),
        );
    }
  }

  async #prepare(signal: AbortSignal): Promise<Ground> {
    const { context, accepted } = this.#init;
    const { program, input, size, request } = accepted;
    const { stepsPerLeaf } = size;
    let last = 0;
    const onProgress = (done: number): void => {
      if (performance.now() - last < EXECUTED_MS && done < request.steps) return;
      last = performance.now();
      this.#tell({ kind: "executed", done, total: request.steps });
    };
    const key = { program, stepsPerLeaf, context: elementFromHex(request.context) };
    const opening = context.sessions.use(key);
    opening.catch(() => {}); // awaited below, unless the execution fails before
    const states = await statesBetweenLeaves(program, input, stepsPerLeaf, { signal, onProgress });
    this.#checkEnd(states.at(-1)!);
    const used = await opening;
    return { used, session: used.session, network: context.network, states, signal };
  }

  #checkEnd(end: readonly bigint[]): void {
    const { zN } = this.accepted.request;
    if (zN === undefined || zN.every((x, i) => elementFromHex(x) === end[i])) return;
    throw new Error(
      `the computation ends in [${end.map(String).join(", ")}], not in the state that the request claims`,
    );
  }

  #plan(): JobInit {
    const { context, roster, accepted, order } = this.#init;
    const { brokerConfig, network } = context;
    const { leaves, leaf, merge, compress } = accepted.size;
    const shards = planShards({
      steps: leaves,
      speeds: roster.speeds(),
      shardsPerSlot: brokerConfig.shardsPerSlot,
      minSteps: 1,
      maxSteps: leaves,
    });
    this.#tell({ kind: "planned", shards });
    const { maxPrice, deadline } = order.content;
    return {
      job: accepted.job,
      broker: network.peer,
      shards,
      compress: brokerConfig.compress,
      constraints: { leaf, merge, compress },
      maxPrice,
      deadline,
      config: { ...JOB_DEFAULTS, ...brokerConfig.job },
    };
  }

  #advance(state: JobState, effects: readonly JobEffect[]): void {
    this.#state = state;
    this.#alarm.set(jobWake(state));
    for (const effect of effects) this.#perform(effect);
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
        return this.#say("LeaseRenewal", { job: accepted.job, ...renewal });
      }
      case "revoke": {
        const { kind: _, ...revocation } = effect;
        return this.#say("Revocation", { job: accepted.job, ...revocation });
      }
      case "storeCheckpoint": {
        const { task, epoch, peer, done } = effect;
        return this.#tell({ kind: "checkpoint", task, epoch, peer, done: done.end });
      }
      case "requestVerify":
        return this.#run("verifying a node", this.#verify(effect));
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

  /** Until the worker has it, says no, or the lease is no longer its. */
  async #sendLease(effect: Effect<"sendLease">): Promise<void> {
    const { task, epoch, peer, range, price } = effect;
    const lease = await this.#leaseFor(effect);
    const { network } = this.#init.context;
    const { bytes } = await signMessage(network.signer, "Lease", lease);
    while (this.#isHeld(task, epoch)) {
      try {
        await network.call(peer, LEASE, bytes, { signal: this.#ending.signal });
        return this.#tell({ kind: "leased", task, epoch, peer, range, price });
      } catch (error) {
        if (this.#ending.signal.aborted) return;
        if (error instanceof RequestRefused) return this.#refused(effect, error);
        if (!(error instanceof NetworkError)) throw error;
        this.feed({ kind: "disconnected", peer });
        await new Promise((resolve) => setTimeout(resolve, RESEND_MS));
      }
    }
  }

  async #leaseFor(effect: Effect<"sendLease">): Promise<Lease> {
    const { accepted } = this.#init;
    const { task, epoch, peer, range, price, deadline, resume } = effect;
    const { kind } = this.#state!.tasks.find(({ id }) => id === task)!;
    return {
      job: accepted.job,
      task,
      kind,
      epoch,
      peer,
      range,
      price,
      deadline,
      program: accepted.request.program,
      inputs: kind === "prove" ? [await this.#shardInput(range)] : effect.inputs,
      ...(resume && {
        resume: {
          done: resume.done,
          node: resume.node,
          bytes: resume.bytes,
          holders: resume.holders,
        },
      }),
    };
  }

  async #shardInput(range: Range): Promise<CIDText> {
    const { context, accepted } = this.#init;
    const start = this.#ground!.states[range.start]!;
    const blob = encodeShardInput(accepted.input, range, accepted.size.stepsPerLeaf, start);
    return this.#own(await context.network.blobs.add(blob));
  }

  #refused({ task, epoch, peer }: Effect<"sendLease">, { code }: RequestRefused): void {
    const reason = REASONS[code] ?? "overloaded";
    this.feed({ kind: "refused", task, epoch, peer, reason });
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
  async #backUp(
    peer: PeerId,
    { task, epoch, done, node, bytes }: Contents["Checkpoint"],
  ): Promise<void> {
    const { network } = this.#init.context;
    if (bytes !== this.#ground?.session.nodeBytes || !this.#isHeld(task, epoch)) return;
    const { signal } = this.#ground;
    await network.blobs.download(node, { from: [peer], maxBytes: bytes, signal });
    this.#own(node);
    const holders = [network.peer, peer];
    this.feed({ kind: "checkpointed", task, epoch, peer, done: done.end, node, bytes, holders });
  }

  #isHeld(task: string, epoch: number): boolean {
    const found = this.#state?.tasks.find(({ id }) => id === task);
    const state = found?.state.kind === "Delivered" ? found.state.under : found?.state;
    return this.#result.kind === "running" && state?.kind === "Leased" && state.epoch === epoch;
  }

  #rangeOf(task: string): Range {
    return this.#state!.tasks.find(({ id }) => id === task)!.range;
  }

  // ---- verification

  async #verify(effect: Effect<"requestVerify">): Promise<void> {
    const { task, epoch, peer, node, bytes, range, subject, attempt } = effect;
    const from = { task, epoch, peer };
    const claimed = this.#claims.get(`${task}/${epoch}`);
    if (subject === "node") this.#tell({ kind: "delivered", ...from, bytes });
    if (subject === "node" && claimed !== undefined && !isSame(claimed, range)) {
      return this.#judged(effect, false, [`it is said to be of another range`]);
    }
    if (isSame(this.#verified.get(node), range)) return this.#judged(effect, true, []);
    const court = this.#ground!;
    const form = task === "compress" ? "compressed" : "node";
    const judgement = await judge(court, { node, bytes, holders: [peer], range, form });
    if (judgement.kind === "invalid") return this.#judged(effect, false, judgement.failures);
    if (judgement.kind === "missing") {
      if (attempt > 1) this.#judged(effect, false, [judgement.reason]);
      return;
    }
    this.#own(node);
    this.#verified.set(node, range);
    if (subject === "node") this.#tell({ kind: "verified", ...from, range, ms: judgement.ms });
    this.#judged(effect, true, []);
  }

  #judged(
    { task, epoch, peer, node, subject }: Effect<"requestVerify">,
    valid: boolean,
    failures: readonly string[],
  ): void {
    if (!valid) {
      const named = failures.slice(0, 32).map((each) => each.slice(0, 500));
      this.#tell({ kind: "rejected", task, epoch, peer, failures: named });
    }
    if (subject === "checkpoint") this.feed({ kind: "checkpointJudged", task, node, valid });
    else this.feed({ kind: "judged", task, epoch, node, valid });
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
    const { program, size, request } = accepted;
    await Promise.all(this.#payments);
    books.settle(accepted.job);
    const body = await context.network.blobs.fetch(root);
    const file = encodeProof({
      programDigest: program.digest,
      stepsPerLeaf: size.stepsPerLeaf,
      context: elementFromHex(request.context),
      form: context.brokerConfig.compress ? "compressed" : "node",
      body,
    });
    const proof = await context.network.blobs.add(file);
    context.shelf.expire(proof, context.brokerConfig.keepMs);
    this.#result = { kind: "done", proof, bytes: file.length };
    this.#tell({ kind: "done", proof, bytes: file.length, paid: this.#paid });
    this.#end();
  }

  async #giveUp({ reason, task }: Effect<"jobFailed">): Promise<void> {
    await Promise.all(this.#payments);
    this.#init.books.settle(this.accepted.job);
    this.#fail(reason, SENTENCES[reason]!.replace("%", task ?? "some work"));
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
    this.#init.onOver();
  }

  // ---- words

  /** A blob of this job: dropped with it. */
  #own(cid: CIDText): CIDText {
    this.#blobs.add(cid);
    return cid;
  }

  /** Sent once: what it says can also be seen from what follows. */
  #say<K extends "LeaseRenewal" | "Revocation">(kind: K, content: Contents[K]): void {
    const { network } = this.#init.context;
    const send = async (): Promise<void> => {
      const { bytes } = await signMessage(network.signer, kind, content);
      await network.call(content.peer, LEASE, bytes).catch(() => undefined);
    };
    this.#run(`sending a ${kind}`, send());
  }

  #tell(event: Told): void {
    const update = this.#updates.add(event);
    this.#init.context.emit({ kind: "job", job: this.accepted.job, update });
  }

  #tellOfHolder({ task, epoch }: { task: string; epoch: number }, event: Told): void {
    if (this.#isHeld(task, epoch)) this.#tell(event);
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

const isSame = (a: Range | undefined, b: Range): boolean => a?.start === b.start && a.end === b.end;

const REASONS: Readonly<Record<string, RefusalReason>> = {
  UNKNOWN_PROGRAM: "unknown-program",
  MISSING_INPUT: "missing-input",
  STALE_EPOCH: "stale-epoch",
  SHUTTING_DOWN: "shutting-down",
};

/** Why a job failed, for whoever asked for it; % is the task. */
const SENTENCES: Readonly<Record<string, string>> = {
  DEADLINE: "the deadline passed before the proof was finished: give more time or more money",
  CANCELLED: "the job was called off",
  NO_BIDDERS:
    "nobody bid for % within its price and time: raise the price cap, give more time, or wait until provers join",
  TOO_MANY_ATTEMPTS:
    "% failed too often: every prover that took it gave it back, vanished or cheated",
};
