// One who may lead a job: its broker or a standby. It keeps the job's log, auctions its lots, hands out leases, verifies and pays.

import {
  type JobEffect,
  type JobEvent,
  type JobInit,
  type JobState,
  type LogEntry,
  type StandbyEffect,
  type StandbyEvent,
  type StandbyState,
  type Task,
  createJob,
  decodeEntry,
  encodeEntry,
  jobWake,
  replay,
  standBy,
  standbyWake,
  step,
  stepStandby,
} from "@foldmesh/jobs";
import type { CIDText, Lease, PeerId } from "@foldmesh/protocol";
import { Sales, type Town } from "./sales.ts";
import { INTERVAL, type Prover } from "./prover.ts";
import { Machine } from "./wire.ts";

type Effect<K extends JobEffect["kind"]> = Extract<JobEffect, { kind: K }>;
const HONEST_REASONS = ["EXPIRED", "STALLED", "DISCONNECTED", "REFUSED"];
const RESEND_MS = 500;
const STANDBY = { leaseMs: 3_000, staggerMs: 1_500 };

export class Candidate extends Machine {
  readonly #town: Town;
  readonly #init: JobInit;
  readonly #rank: number;
  /** everybody who may lead this job, this one too */
  readonly #group: readonly Candidate[];
  // on disk
  #log: LogEntry[] = [];
  #logTerm = 0;
  #isOver = false;
  #highestTerm = 0;
  // in memory
  #standby: StandbyState | undefined;
  #job: JobState | undefined;
  #sales: Sales | undefined;
  #away = new Set<PeerId>();
  #wakeAt = Infinity;

  constructor(town: Town, init: JobInit, rank: number, group: readonly Candidate[], skew: number) {
    super(`${init.job.slice(-12)} rank ${rank}`, skew);
    this.#town = town;
    this.#init = init;
    this.#rank = rank;
    this.#group = group;
  }

  get term(): number {
    return this.#standby?.term ?? -1;
  }

  get isLeading(): boolean {
    return this.isUp && this.#standby?.phase === "Leading";
  }

  /** Whom provers find when they look for the job's broker. */
  leader(): Candidate {
    const leading = this.#group.filter((each) => each.isLeading);
    return leading.toSorted((a, b) => b.term - a.term)[0] ?? this;
  }

  /** @param isFresh the broker takes its order; else anybody, after a restart too */
  begin(isFresh: boolean): void {
    const init = { rank: this.#rank, candidates: this.#group.length, ...STANDBY };
    const kept = { term: this.#highestTerm, logTerm: this.#logTerm, entries: this.#log.length };
    const { state, effects } = standBy(init, isFresh, this.#now(), kept);
    this.#standby = state;
    if (isFresh && this.#rank === 0) this.#lead(createJob(this.#init, 0));
    this.#onStandby(effects);
    this.#watchStandby();
  }

  crash(): void {
    this.life++;
    this.#standby = undefined;
    this.#job = undefined;
    this.#sales = undefined;
    this.#away = new Set();
    this.#wakeAt = Infinity;
  }

  // ---- who leads

  #step(event: StandbyEvent): void {
    if (this.#standby === undefined) return;
    const { state, effects } = stepStandby(this.#standby, event, this.#now());
    this.#standby = state;
    this.#highestTerm = state.term;
    this.#logTerm = state.logTerm;
    this.#onStandby(effects);
  }

  #watchStandby(): void {
    const wake = this.#standby && standbyWake(this.#standby);
    if (wake === undefined) return;
    this.#town.wire.after(this, Math.max(50, wake - this.#now()), () => {
      this.#step({ kind: "tick" });
      this.#watchStandby();
    });
  }

  #onStandby(effects: readonly StandbyEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "renew") this.#tellOthers(effect.term, effect.entries);
      if (effect.kind === "takeOver") {
        this.#town.truth.count("taken over");
        this.#lead({ state: replay(this.#init, 0, this.#log), effects: [] });
        this.feed({ kind: "takenOver", term: effect.term });
      }
      if (effect.kind === "fetchLog") this.#fetch(effect.term, effect.from);
      if (effect.kind === "stepDown") {
        this.#town.truth.count("stepped down");
        this.#job = undefined;
        this.#sales = undefined;
      }
    }
  }

  #tellOthers(term: number, entries: number): void {
    for (const other of this.#others()) {
      this.#town.wire.send(this, other, () => other.onRenewal(this, term, entries));
    }
  }

  /** A BrokerLease. Who knows that the job is over says so; who follows fetches what it lacks of the log. */
  onRenewal(leader: Candidate, term: number, entries: number): void {
    if (this.#isOver) {
      this.#town.wire.send(this, leader, () => leader.onOver());
      return;
    }
    this.#step({ kind: "heard", term, entries });
  }

  #fetch(term: number, from: number): void {
    const leader = this.#group[term % this.#group.length]!;
    this.#town.wire.send(this, leader, () => leader.onFetch(this, term, from));
  }

  onFetch(follower: Candidate, term: number, from: number): void {
    if (!this.isLeading || this.term !== term) return;
    const entries = this.#log.slice(from).map(encodeEntry);
    this.#town.wire.send(this, follower, () => follower.onEntries(term, from, entries));
  }

  onEntries(term: number, from: number, entries: readonly Uint8Array[]): void {
    if (this.#standby === undefined || this.isLeading || term !== this.term) return;
    if (term !== this.#logTerm && from !== 0) return;
    if (term === this.#logTerm && from > this.#log.length) return;
    this.#log = [...this.#log.slice(0, from), ...entries.map(decodeEntry)];
    this.#step({ kind: "logged", term, entries: this.#log.length });
  }

  onOver(): void {
    this.#isOver = true;
    this.#job = undefined;
    this.#sales = undefined;
    this.#step({ kind: "over" });
  }

  // ---- the job

  #lead({ state, effects }: { state: JobState; effects: readonly JobEffect[] }): void {
    this.#job = state;
    this.#away = new Set();
    this.#sales = new Sales(this, this.#town, this.#init, (event) => this.feed(event));
    this.#perform(effects);
    this.#alarm();
  }

  feed(event: JobEvent): void {
    if (this.#job?.phase.kind !== "Running" || !this.isLeading) return;
    const entry = decodeEntry(encodeEntry({ at: this.#now(), event })); // what is stepped is what was stored
    this.#log.push(entry);
    const { state, effects } = step(this.#job, entry.event, entry.at);
    for (const effect of effects) if (effect.kind === "blame") this.#countRedone(effect);
    this.#job = state;
    this.#step({ kind: "logged", term: this.term, entries: this.#log.length });
    this.#perform(effects);
    this.#alarm();
  }

  #alarm(): void {
    const wake = this.#job && jobWake(this.#job);
    if (wake === undefined || wake >= this.#wakeAt) return;
    this.#wakeAt = wake;
    this.#town.wire.after(this, Math.max(0, wake - this.#now()), () => {
      this.#wakeAt = Infinity;
      if (this.#job && (jobWake(this.#job) ?? Infinity) <= this.#now()) this.feed({ kind: "tick" });
      this.#alarm();
    });
  }

  #perform(effects: readonly JobEffect[]): void {
    for (const effect of effects) this.#performOne(effect);
  }

  #performOne(effect: JobEffect): void {
    const { truth } = this.#town;
    switch (effect.kind) {
      case "announceAuction":
        return this.#sales?.open(effect.lots, effect.exclude);
      case "cancelAuction":
        return this.#sales?.cancel(effect.task);
      case "sendLease":
        truth.leased(`${this.#init.job}/${effect.task}@${effect.epoch}`, effect.peer);
        if (effect.resume) truth.count("resumed");
        return this.#sendLease(effect);
      case "revoke":
        return this.#say(effect.peer, (prover) =>
          prover.onRevoked(this.#init.job, effect.task, effect.epoch),
        );
      case "requestVerify":
        return this.#town.wire.after(this, this.#town.agenda.between(50, 400), () =>
          this.#verify(effect),
        );
      case "blame":
        return truth.count(effect.reason);
      case "pay":
        return this.#pay(effect);
      case "jobDone":
        return this.#end(effect.root);
      case "jobFailed":
        truth.count(`failed: ${effect.reason}`);
        return this.#end(undefined);
      case "renewLease":
      case "storeCheckpoint":
      case "ignored":
    }
  }

  /** Sent until the prover has answered or the lease is no longer its. */
  #sendLease(effect: Effect<"sendLease">): void {
    const { task, epoch, peer } = effect;
    const prover = this.#town.provers.get(peer);
    if (prover === undefined || !this.#isHeld(task, epoch)) return;
    const { wire } = this.#town;
    let isHeard = false;
    wire.send(this, prover, () => {
      const answer = prover.onLease(this, this.#leaseFor(effect));
      wire.send(prover, this, () => {
        if (isHeard) return;
        isHeard = true;
        if (answer === "refused")
          this.feed({ kind: "refused", task, epoch, peer, reason: "overloaded" });
      });
    });
    wire.after(this, RESEND_MS, () => {
      if (isHeard) return;
      if (this.#isHeld(task, epoch)) this.feed({ kind: "disconnected", peer });
      this.#sendLease(effect);
    });
  }

  #isHeld(task: string, epoch: number): boolean {
    const running = runningOf(this.#taskOf(task));
    return running?.kind === "Leased" && running.epoch === epoch;
  }

  #leaseFor(effect: Effect<"sendLease">): Lease {
    const { task, epoch, peer, range, price, deadline, inputs, resume } = effect;
    const kind = this.#taskOf(task)?.kind ?? "prove";
    const { job } = this.#init;
    const lease = { job, task, kind, epoch, peer, range, stepsPerLeaf: 1, price, deadline, inputs };
    return { ...lease, program: job, ...(resume && { resume }) };
  }

  #say(peer: PeerId, what: (prover: Prover) => void): void {
    const prover = this.#town.provers.get(peer);
    if (prover !== undefined) this.#town.wire.send(this, prover, () => what(prover));
  }

  #taskOf(id: string): Task | undefined {
    return this.#job?.tasks.find((each) => each.id === id);
  }

  /** Work that was known to be done and is done again; a checkpoint message that did not come through is a fault of its own. */
  #countRedone({ task: id, reason, epoch }: Effect<"blame">): void {
    const task = this.#taskOf(id);
    const running = runningOf(task);
    if (!HONEST_REASONS.includes(reason) || task?.kind !== "prove" || running?.kind !== "Leased")
      return;
    const from = task.checkpoints.at(-1)?.done.end ?? task.range.start;
    const sent = this.#town.truth.sentCheckpoints.get(`${this.#init.job}/${id}@${epoch}`) ?? 0;
    const lost = sent - this.#checkpointsOf(id, epoch);
    const redone = Math.max(0, running.done - from);
    this.#town.truth.count("steps redone", redone);
    const most = INTERVAL * (1 + lost);
    this.#town.truth.check(redone <= most, `${id}: ${redone} steps redone, at most ${most} may be`);
  }

  /** That came through, and into this log: what a former leader did not hand on is lost too. */
  #checkpointsOf(task: string, epoch: number): number {
    const nodes = this.#log.flatMap(({ event }) =>
      event.kind === "checkpointed" && event.task === task && event.epoch === epoch
        ? [event.node]
        : [],
    );
    return new Set(nodes).size;
  }

  // ---- what provers say

  onBid(event: Parameters<Sales["onBid"]>[0]): void {
    this.#sales?.onBid(event);
  }

  onProgress({ id: peer }: Prover, { task, epoch }: Lease, done: number): void {
    this.feed({ kind: "progress", task, epoch, peer, done });
  }

  onRefusal({ id: peer }: Prover, { task, epoch }: Lease): void {
    const node = this.#taskOf(task)?.leases.find((each) => each.epoch === epoch)?.resume?.node;
    if (node === undefined)
      this.feed({ kind: "refused", task, epoch, peer, reason: "missing-input" });
    else this.feed({ kind: "disputed", task, epoch, peer, node });
  }

  /** The broker holds a copy, so that a prover that dies takes nothing along. */
  onCheckpoint(prover: Prover, { task, epoch }: Lease, done: number, node: CIDText): void {
    if (!this.isLeading || this.#job === undefined) return;
    this.#town.truth.node(node).holders.add(this);
    const holders = [this.id, prover.id];
    const from = { task, epoch, peer: prover.id };
    this.feed({ kind: "checkpointed", ...from, done, node, bytes: 1, holders });
  }

  /** @returns whether it is heard */
  onDelivery({ id: peer }: Prover, { task, epoch }: Lease, node: CIDText): boolean {
    if (this.#isOver) return true;
    if (!this.isLeading) return false;
    this.feed({ kind: "delivered", task, epoch, peer, node, bytes: 1 });
    return true;
  }

  /** Which of its holders are there; called some time after something happened to machines. */
  lookAround(): void {
    if (!this.isLeading) return;
    for (const task of this.#job?.tasks ?? []) {
      const running = runningOf(task);
      if (running?.kind !== "Leased" && running?.kind !== "Reserved") continue;
      const { peer } = running;
      const prover = this.#town.provers.get(peer);
      const isThere = prover !== undefined && this.#town.wire.reaches(this, prover);
      if (isThere === !this.#away.has(peer)) continue;
      if (isThere) this.#away.delete(peer);
      else this.#away.add(peer);
      this.feed({ kind: isThere ? "reconnected" : "disconnected", peer });
    }
  }

  // ---- verdicts and money

  #verify(effect: Effect<"requestVerify">, isFetched = false): void {
    const { task, epoch, node, subject, attempt } = effect;
    const { truth, wire, agenda } = this.#town;
    const { valid, parts, holders } = truth.node(node);
    const isThere = [...holders].some((each) => wire.reaches(this, each));
    if (!isThere && attempt === 1) return; // asked again by the machine
    if (!isThere) {
      if (subject === "checkpoint") this.feed({ kind: "checkpointLost", task, node });
      else this.feed({ kind: "judged", task, epoch, node, valid: false, missing: true });
      return;
    }
    holders.add(this);
    if (subject === "checkpoint") return this.feed({ kind: "checkpointJudged", task, node, valid });
    if (!isFetched && subject === "node") {
      this.feed({ kind: "fetched", task, epoch, node });
      return wire.after(this, agenda.between(10, 300), () => this.#verify(effect, true));
    }
    const isMissed = subject === "node" && agenda.chance(this.#town.missed);
    if (valid || isMissed) return this.feed({ kind: "judged", task, epoch, node, valid: true });
    const lowest = parts.find((part) => !truth.node(part.node).valid);
    const culprit = lowest && lowest.task !== task ? { culprit: lowest.task } : {};
    if (lowest && lowest.task !== task) truth.count("traced down the tree");
    this.feed({ kind: "judged", task, epoch, node, valid: false, ...culprit });
  }

  #pay({ task, epoch, peer, range, amount }: Effect<"pay">): void {
    const payment = { task, range, epoch, to: peer, amount };
    const isPaid = this.#town.truth.money({ kind: "pay", job: this.#init.job, payment });
    this.#town.truth.count(isPaid ? "paid" : "not paid again");
  }

  #end(root: CIDText | undefined): void {
    const { truth, agenda } = this.#town;
    const { job } = this.#init;
    if (!truth.outcomes.has(job))
      truth.outcomes.set(job, { at: agenda.now, done: root !== undefined, root });
    if (root !== undefined) this.#town.checkRoot(this.#init, root);
    truth.money({ kind: "settle", job });
    this.#isOver = true;
    this.#step({ kind: "over" });
    for (const other of this.#others()) this.#town.wire.send(this, other, () => other.onOver());
    for (const prover of this.#town.provers.values())
      this.#town.wire.send(this, prover, () => prover.onJobOver(job));
  }

  #others(): Candidate[] {
    return this.#group.filter((each) => each !== this);
  }

  #now(): number {
    return this.#town.wire.clock(this);
  }
}

const runningOf = (task: Task | undefined) =>
  task?.state.kind === "Delivered" ? task.state.under : task?.state;
