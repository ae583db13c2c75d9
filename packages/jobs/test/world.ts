import type { CIDText, PeerId, Range } from "@foldmesh/protocol";
import {
  createJob,
  decodeEntry,
  encodeEntry,
  type JobEffect,
  type JobEvent,
  type JobInit,
  type JobState,
  JOB_DEFAULTS,
  jobWake,
  type LogEntry,
  planShards,
  replay,
  step,
  type Task,
} from "../src/index.ts";
import { cidOf, initOf, peerOf, randomOf } from "./helpers.ts";

/** What a node really is; the job only knows its name. */
interface TrueNode {
  readonly range: Range;
  readonly valid: boolean;
  /** tasks that went into it, with the node that each contributed */
  readonly parts: readonly { readonly task: string; readonly node: CIDText }[];
}

interface Peer {
  readonly id: PeerId;
  readonly stepMs: number;
  /** chance that a node or a checkpoint it makes is bad, or that it disputes a good one */
  readonly deceit: number;
  /** goes on after its lease is gone, and delivers late */
  readonly zombie: boolean;
  online: boolean;
  /** leases and reservations that take its slots, as task@epoch */
  readonly slots: Set<string>;
  /** raised by a crash: work of an older life is gone */
  life: number;
}

/** leases at once of every peer: a slot kept from the work that it waits for would stop the job */
const SLOTS = 1;

type Effect<K extends JobEffect["kind"]> = Extract<JobEffect, { kind: K }>;

/** Faults of one simulation: chances and times. */
export interface Weather {
  readonly faultEveryMs: number;
  readonly deceit: number;
  readonly lostVerdicts: number;
  /** bad nodes that pass their own verification and are found only at the root */
  readonly missed: number;
  readonly brokerRestartEveryMs: number;
}

/**
 * A broker's job among simulated peers in virtual time: peers of different speeds prove, crash, are cut off, lie, deliver late; the market
 * sells to whoever has a slot free; verdicts get lost; the broker restarts from its log. Everything is drawn from one seed.
 */
export class World {
  readonly interval = 3;
  readonly log: LogEntry[] = [];
  readonly effects: { readonly at: number; readonly effect: JobEffect }[] = [];
  readonly nodes = new Map<CIDText, TrueNode>();
  /** steps known to be done that the next holder does again, for every lease lost to a fault */
  readonly redone: { readonly task: string; readonly steps: number }[] = [];
  /** what became of reservations */
  readonly reserved: ("made" | "kept" | "given up")[] = [];
  readonly init: JobInit;
  state: JobState;
  now = 0;
  faults = 0;
  readonly #random: () => number;
  readonly #weather: Weather;
  readonly #peers: readonly Peer[];
  readonly #agenda: { at: number; order: number; act: () => void }[] = [];
  readonly #revoked = new Set<string>();
  #made = 0;

  constructor(seed: number, weather: Weather) {
    this.#random = randomOf(seed);
    this.#weather = weather;
    this.#peers = Array.from({ length: 8 }, (_, i) => this.#newPeer(i));
    this.init = this.#plan();
    const { state, effects } = createJob(this.init, 0);
    this.state = state;
    this.#perform(effects);
    if (this.init.executing === true) this.#execute();
    this.#scheduleWeather();
  }

  /** Whether a peer never lies. */
  isHonest(peer: PeerId): boolean {
    return this.#peers.some(({ id, deceit }) => id === peer && deceit === 0);
  }

  /** Runs until the job is over; throws if it goes on past its deadline. */
  run(): void {
    for (let i = 0; this.state.phase.kind === "Running"; i++) {
      if (i > 100_000) throw new Error("the simulation does not end");
      const wake = jobWake(this.state) as number;
      const next = this.#agenda.reduce((a, b) =>
        b.at < a.at || (b.at === a.at && b.order < a.order) ? b : a,
      );
      if (wake <= next.at) this.#tick(wake);
      else {
        this.#agenda.splice(this.#agenda.indexOf(next), 1);
        this.now = next.at;
        next.act();
      }
    }
  }

  #tick(at: number): void {
    this.now = Math.max(this.now, at);
    this.#step({ kind: "tick" });
    const wake = jobWake(this.state);
    if (wake !== undefined && wake <= this.now)
      throw new Error(`a tick at ${this.now} left work for ${wake}`);
  }

  #newPeer(i: number): Peer {
    const deceit = this.#random() < 0.4 ? this.#weather.deceit : 0;
    return {
      id: peerOf(`peer${i}`),
      stepMs: 100 + Math.floor(this.#random() * 900),
      deceit: i < 2 ? 0 : deceit, // somebody must be honest
      zombie: this.#random() < 0.5,
      online: true,
      slots: new Set(),
      life: 0,
    };
  }

  #plan(): JobInit {
    const speeds = this.#peers.map(({ id, stepMs }) => ({
      peer: id,
      speed: Math.floor(60_000 / stepMs),
      slots: 1,
    }));
    const steps = 40 + Math.floor(this.#random() * 60);
    const shards = planShards({ steps, speeds, shardsPerSlot: 1, minSteps: 1, maxSteps: 20 });
    const config = {
      ...JOB_DEFAULTS,
      leaseMs: 5_000,
      graceMs: 2_000,
      verifyMs: 3_000,
      maxAttempts: 32,
    };
    const init = initOf(shards.map(({ start, end }) => [start, end] as const));
    const executing = this.#random() < 0.5;
    return { ...init, compress: this.#random() < 0.5, deadline: 600_000, config, executing };
  }

  /** The broker executes the computation, at its own pace, as long as it has not. */
  #execute(): void {
    const leaves = this.init.shards.at(-1)?.end as number;
    const stepMs = 20 + Math.floor(this.#random() * 200);
    const next = (done: number): void =>
      this.#in(stepMs, () => {
        this.#step({ kind: "executed", done });
        if (done < leaves) next(done + 1);
      });
    next(1);
  }

  #scheduleWeather(): void {
    this.#every(this.#weather.faultEveryMs, () => this.#fault());
    this.#every(this.#weather.brokerRestartEveryMs, () => this.#restartBroker());
  }

  #every(meanMs: number, act: () => void): void {
    const again = (): void => {
      act();
      this.#in(meanMs * 2 * this.#random(), again);
    };
    this.#in(meanMs * 2 * this.#random(), again);
  }

  #in(ms: number, act: () => void): void {
    this.#agenda.push({ at: this.now + Math.ceil(ms), order: this.#made++, act });
  }

  #chance(p: number): boolean {
    return this.#random() < p;
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T;
  }

  #step(event: JobEvent): void {
    const entry = decodeEntry(encodeEntry({ at: this.now, event })); // what is stepped is what was stored
    this.log.push(entry);
    const { state, effects } = step(this.state, entry.event, entry.at);
    for (const effect of effects) if (effect.kind === "blame") this.#countRedone(effect);
    this.#countReservations(state);
    this.state = state;
    this.#checkReservations();
    this.#perform(effects);
  }

  #countReservations({ tasks }: JobState): void {
    for (const [i, { state }] of tasks.entries()) {
      const was = (this.state.tasks[i] as Task).state.kind;
      if (was === state.kind) continue;
      if (state.kind === "Reserved") this.reserved.push("made");
      if (was === "Reserved") this.reserved.push(state.kind === "Leased" ? "kept" : "given up");
    }
  }

  /** What is sold ahead waits for something, and everything that it waits for is under way. */
  #checkReservations(): void {
    for (const task of this.state.tasks) {
      if (task.state.kind !== "Reserved" || this.state.phase.kind !== "Running") continue;
      const inputs = task.inputs.map((id) => this.state.tasks.find((each) => each.id === id));
      const kinds = inputs.map((input) => input?.state.kind ?? "");
      const isIdle = kinds.some((kind) => ["Open", "Auctioned", "Failed", ""].includes(kind));
      const waits =
        task.kind === "prove"
          ? this.state.execution.done < task.range.start
          : kinds.some((kind) => kind !== "Verified");
      if (isIdle || !waits) throw new Error(`${task.id} is reserved over ${kinds.join()}`);
    }
  }

  /** Of honest faults only: `this.state` is still the state before. */
  #countRedone({ task: id, reason }: Effect<"blame">): void {
    if (!["EXPIRED", "STALLED", "DISCONNECTED", "REFUSED"].includes(reason)) return;
    const task = this.state.tasks.find((each) => each.id === id) as Task;
    const running = task.state.kind === "Delivered" ? task.state.under : task.state;
    if (running.kind !== "Leased") throw new Error(`${id}: blamed for a lease that nobody held`);
    const from = task.checkpoints.at(-1)?.done.end ?? task.range.start;
    this.redone.push({ task: id, steps: task.kind === "prove" ? running.done - from : 0 });
  }

  #perform(effects: readonly JobEffect[]): void {
    for (const effect of effects) {
      this.effects.push({ at: this.now, effect });
      if (effect.kind === "announceAuction") this.#in(800, () => this.#sell(effect));
      if (effect.kind === "revoke") this.#free(effect.peer, effect);
      if (effect.kind === "sendLease") this.#in(20, () => this.#work(effect));
      if (effect.kind === "revoke") this.#revoked.add(`${effect.task}@${effect.epoch}`);
      if (effect.kind === "requestVerify")
        this.#in(50 + 400 * this.#random(), () => this.#verify(effect));
    }
  }

  /** Sells every lot to anyone online with a free slot, and now and then, wrongly, to somebody excluded; the rest again soon. */
  #sell({ kind, lots, exclude }: Effect<"announceAuction">): void {
    const unsold = lots.filter((lot) => !this.#sellOne(lot, exclude));
    if (unsold.length === 0 || this.state.phase.kind !== "Running") return;
    this.#in(200, () => this.#sell({ kind, lots: unsold, exclude }));
  }

  #sellOne(
    { task, epoch, maxReserve, range }: Effect<"announceAuction">["lots"][number],
    exclude: readonly PeerId[],
  ): boolean {
    const admitted = this.#peers.filter(({ id, online }) => online && !exclude.includes(id));
    const candidates = this.#chance(0.02) || admitted.length === 0 ? this.#peers : admitted;
    const free = candidates.filter(({ slots }) => slots.size < SLOTS);
    if (free.length === 0) return false;
    const winner = this.#pick(free);
    winner.slots.add(`${task}@${epoch}`);
    const price = (maxReserve * BigInt(Math.floor(this.#random() * 101))) / 100n;
    const duration = winner.stepMs * (range.end - range.start);
    this.#step({ kind: "awarded", task, epoch, peer: winner.id, price, duration });
    const now = this.state.tasks.find(({ id }) => id === task);
    const running = now?.state.kind === "Delivered" ? now.state.under : now?.state;
    const isTaken = running?.kind === "Leased" || running?.kind === "Reserved";
    if (!isTaken || running.epoch !== epoch) this.#free(winner.id, { task, epoch });
    return true;
  }

  #free(peer: PeerId, { task, epoch }: { readonly task: string; readonly epoch: number }): void {
    this.#peers.find(({ id }) => id === peer)?.slots.delete(`${task}@${epoch}`);
  }

  #work(lease: Effect<"sendLease">): void {
    const peer = this.#peers.find(({ id }) => id === lease.peer) as Peer;
    if (!peer.online) return;
    const { task, epoch, resume } = lease;
    const event = { task, epoch, peer: peer.id };
    if (this.#chance(0.03)) return this.#step({ kind: "refused", ...event, reason: "overloaded" });
    if (resume !== undefined) {
      if (this.#chance(0.05))
        return this.#step({ kind: "checkpointLost", task, node: resume.node });
      const suspicious = !(this.nodes.get(resume.node) as TrueNode).valid;
      if (suspicious || this.#chance(peer.deceit / 2)) {
        return this.#step({ kind: "disputed", ...event, node: resume.node });
      }
    }
    const isShard = task.startsWith("prove:");
    const start = resume?.done.end ?? lease.range.start;
    this.#prove(lease, peer, peer.life, isShard ? start : lease.range.end - 1, this.interval);
  }

  /** One step at a time: progress, a checkpoint every `interval`, a delivery at the end. A merge is a single step. */
  #prove(
    lease: Effect<"sendLease">,
    peer: Peer,
    life: number,
    done: number,
    untilCheckpoint: number,
  ): void {
    this.#in(peer.stepMs * (0.5 + this.#random()), () => {
      const { task, epoch, range } = lease;
      if (peer.life !== life || (this.#revoked.has(`${task}@${epoch}`) && !peer.zombie)) return;
      const next = done + 1;
      if (next === range.end) return this.#whenOnline(peer, life, () => this.#deliver(lease, peer));
      const event = { task, epoch, peer: peer.id, done: next };
      const checkpoint = untilCheckpoint === 1;
      if (peer.online && checkpoint) {
        const node = this.#newNode(
          { start: range.start, end: next },
          !this.#chance(peer.deceit),
          [],
        );
        this.#step({ kind: "checkpointed", ...event, node, bytes: 1, holders: [peer.id] });
      } else if (peer.online) this.#step({ kind: "progress", ...event });
      const left = checkpoint && peer.online ? this.interval : Math.max(1, untilCheckpoint - 1);
      this.#prove(lease, peer, life, next, left);
    });
  }

  #whenOnline(peer: Peer, life: number, act: () => void): void {
    if (peer.life !== life) return;
    if (peer.online) act();
    else this.#in(500, () => this.#whenOnline(peer, life, act));
  }

  #deliver({ task, epoch, inputs, range }: Effect<"sendLease">, peer: Peer): void {
    const below = inputs.map((node) => this.nodes.get(node) as TrueNode);
    const valid = below.every((node) => node.valid) && !this.#chance(peer.deceit);
    const parts = below.flatMap((node) => node.parts);
    const node = this.#newNode(range, valid, parts, task);
    this.#free(peer.id, { task, epoch });
    this.#step({ kind: "delivered", task, epoch, peer: peer.id, node, bytes: 1 });
  }

  #newNode(range: Range, valid: boolean, parts: TrueNode["parts"], task?: string): CIDText {
    const node = cidOf(`node ${this.#made++}`);
    this.nodes.set(node, {
      range,
      valid,
      parts: task === undefined ? parts : [...parts, { task, node }],
    });
    return node;
  }

  #verify(effect: Effect<"requestVerify">, isFetched = false): void {
    const { task, epoch, node, subject } = effect;
    if (this.#chance(this.#weather.lostVerdicts)) {
      if (subject === "checkpoint")
        this.#in(1000, () => this.#step({ kind: "checkpointLost", task, node }));
      return;
    }
    const { valid, parts } = this.nodes.get(node) as TrueNode;
    if (subject === "checkpoint")
      return this.#step({ kind: "checkpointJudged", task, node, valid });
    if (!isFetched && subject === "node") {
      this.#step({ kind: "fetched", task, epoch, node });
      return this.#in(300 * this.#random(), () => this.#verify(effect, true));
    }
    if (valid || (subject === "node" && this.#chance(this.#weather.missed))) {
      return this.#step({ kind: "judged", task, epoch, node, valid: true });
    }
    const lowest = parts.find((part) => !(this.nodes.get(part.node) as TrueNode).valid);
    const culprit = lowest && lowest.task !== task ? { culprit: lowest.task } : {};
    this.#step({ kind: "judged", task, epoch, node, valid: false, ...culprit });
  }

  /** Somebody crashes and loses its work, or is cut off and keeps it; most come back. */
  #fault(): void {
    const peer = this.#pick(this.#peers);
    if (!peer.online) return;
    this.faults += 1;
    peer.online = false;
    if (this.#chance(0.5)) {
      peer.life += 1;
      peer.slots.clear();
    }
    this.#in(10, () => this.#step({ kind: "disconnected", peer: peer.id }));
    this.#in(500 + 6000 * this.#random(), () => {
      peer.online = true;
      this.#step({ kind: "reconnected", peer: peer.id });
    });
  }

  /** All that the broker knows is gone but its log; auctions and verifications under way are lost with it. */
  #restartBroker(): void {
    const again = replay(this.init, 0, this.log);
    this.state = again;
    this.faults += 1;
    this.#step({ kind: "takenOver", term: again.term + 1 });
  }
}
