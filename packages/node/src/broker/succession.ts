// Who leads a job: the pure machine of standbys, with its clock and its messages. A leader says so to the other candidates and hears
// how much of its log they have; who hears of a later term stands down.

import type { JobUpdate } from "@foldmesh/client";
import {
  type KeptStanding,
  type StandbyEffect,
  type StandbyEvent,
  type StandbyState,
  standBy,
  standbyWake,
  stepStandby,
} from "@foldmesh/jobs";
import { NetworkError, RequestRefused } from "@foldmesh/network";
import {
  type CIDText,
  type PeerId,
  type Time,
  decodeCanonical,
  encodeCanonical,
} from "@foldmesh/protocol";
import { type Alarm, createAlarm } from "../alarm.ts";
import type { Context } from "../context.ts";
import { type Candidacy, LEAD, candidacy } from "../methods.ts";

/** What a leading candidate's job needs of it. */
export interface Leadership {
  readonly candidates: readonly PeerId[];
  readonly term: number;
  /** Kept when the others have heard of it, or this one leads at once. */
  begin(): Promise<void>;
  /** The log has become longer by one entry. */
  logged(): void;
  /**
   * Until most candidates have the whole log and what it names, or those that have not are gone: whoever goes on then pays for the
   * same work. @throws Error when somebody else leads
   */
  sealed(): Promise<void>;
}

/** What follows from who leads; none of them at the same time as another. */
export interface Deeds {
  /** Goes on with the job from its log. */
  lead(leadership: Leadership): Promise<void>;
  stepDown(): Promise<void>;
  /** Takes a log from an entry on. @returns its length */
  copy(from: PeerId, term: number, start: number, signal: AbortSignal): Promise<number>;
  /** Until all that the log names is here. */
  hold(from: PeerId, signal: AbortSignal): Promise<void>;
  /** The job is over, and this is the last that its requester is told. */
  conclude(last: JobUpdate, from: PeerId): Promise<void>;
}

export interface SuccessionInit {
  readonly context: Context;
  readonly job: CIDText;
  readonly candidates: readonly PeerId[];
  readonly kept: KeptStanding;
  /** the order has been given here, just now */
  readonly isFresh: boolean;
  readonly deeds: Deeds;
}

type Log = Pick<Candidacy, "logTerm" | "entries">;

interface Heard extends Log {
  readonly at: Time;
}

/** How much longer every next standby waits, of the time in which its leader must be heard. */
const STAGGER = 0.4;
/**
 * Who is silent for so many times that long is gone: nobody waits for it before a job's payments. Two are never most of two without
 * the other; of three a minority that is cut off waits for long, since the others may go on.
 */
const GONE_OF_TWO = 3;
const GONE_OF_MORE = 12;
/** How long a candidate is waited for that is asked. */
const ANSWER_MS = 1_500;
/** How long a copy of a log, or of what it names, may take; it is begun again. */
const COPY_MS = 30_000;
/** How soon the others hear that the log has grown. */
const NEWS_MS = 200;

/** A clock that is set does not matter: silence is measured by it. ms */
const clock = (): Time => Math.floor(performance.now());

export class Succession implements Leadership {
  readonly #init: SuccessionInit;
  readonly #alarm: Alarm;
  readonly #closing = new AbortController();
  readonly #others: readonly PeerId[];
  readonly #begun: Time = clock();
  readonly #heard = new Map<PeerId, Heard>();
  #state: StandbyState;
  #deeds: Promise<void> = Promise.resolve();
  /** entries of whose blobs none is missing here */
  #whole = 0;
  /** of the leader's log, while it is under way */
  #copying: AbortController | undefined;
  #news: NodeJS.Timeout | undefined;
  #last: JobUpdate | undefined;

  constructor(init: SuccessionInit) {
    this.#init = init;
    const { context, candidates, isFresh, kept } = init;
    const { peer } = context.network;
    const { absentMs: leaseMs } = context.brokerConfig;
    const rank = candidates.indexOf(peer);
    const staggerMs = Math.ceil(STAGGER * leaseMs);
    const size = { rank, candidates: candidates.length, leaseMs, staggerMs };
    this.#others = candidates.filter((each) => each !== peer);
    this.#alarm = createAlarm(clock, () => void this.#onAlarm());
    this.#state = standBy(size, isFresh, clock(), kept).state;
  }

  async begin(): Promise<void> {
    const wake = standbyWake(this.#state)!;
    this.#alarm.set(wake);
    if (this.#state.phase === "Leading") await this.#tell();
    else if (wake <= clock()) await this.#onAlarm();
    await this.#deeds;
  }

  get candidates(): readonly PeerId[] {
    return this.#init.candidates;
  }

  get term(): number {
    return this.#state.term;
  }

  get leader(): PeerId {
    return this.candidates[this.term % this.candidates.length]!;
  }

  logged(): void {
    if (this.#state.phase !== "Leading") return;
    this.#step({ kind: "logged", term: this.term, entries: this.#state.entries + 1 });
    this.#news ??= setTimeout(() => {
      this.#news = undefined;
      void this.#tell();
    }, NEWS_MS).unref();
  }

  async sealed(): Promise<void> {
    const { term } = this;
    for (;;) {
      if (!this.#leads(term)) throw new Error(`term ${term} of the job is over`);
      if (this.#isSealed()) return;
      await this.#tell();
      if (!this.#isSealed()) await new Promise((resolve) => setTimeout(resolve, NEWS_MS));
    }
  }

  /** The job ended here: the others hear of it. */
  async over(last: JobUpdate): Promise<void> {
    this.#last = last;
    this.#step({ kind: "over" });
    await this.#tell();
    this.close();
  }

  close(): void {
    this.#closing.abort();
    this.#alarm.clear();
    clearTimeout(this.#news);
  }

  /** What another candidate says. @returns what it is answered @throws RequestRefused GONE by one that cannot lead */
  onLead(peer: PeerId, said: Candidacy): Candidacy {
    if (this.#closing.signal.aborted)
      throw new RequestRefused("GONE", "this broker has left the job");
    this.#hear(peer, said);
    if (this.#whole < this.#state.entries) this.#catchUp(undefined);
    return this.#standing();
  }

  /** Who does not lead says nothing of the leader, but may know of a later term, or that the job is over. */
  #hear(peer: PeerId, { term, logTerm, entries, last }: Candidacy): void {
    this.#heard.set(peer, { at: clock(), logTerm, entries });
    const isLeader = this.candidates[term % this.candidates.length] === peer;
    const isNews = term > this.term || (term === this.term && this.#state.phase !== "Leading");
    if (last !== undefined) {
      if (isNews || (isLeader && last.event.kind === "done"))
        this.#do(() => this.#conclude(last, peer));
    } else if (isLeader || term > this.term) this.#step({ kind: "heard", term, entries });
  }

  /** Nobody is deposed who answers. */
  async #onAlarm(): Promise<void> {
    if (this.#state.phase === "Following") await this.#tell();
    this.#step({ kind: "tick" });
  }

  #standing(): Candidacy {
    const { job } = this.#init;
    const { term, logTerm, phase, entries } = this.#state;
    const whole = phase === "Leading" ? entries : this.#whole;
    return { job, term, logTerm, entries: whole, ...(this.#last && { last: this.#last }) };
  }

  #leads(term: number): boolean {
    return this.#state.phase === "Leading" && this.term === term && !this.#closing.signal.aborted;
  }

  #step(event: StandbyEvent): void {
    if (this.#closing.signal.aborted) return;
    const { state, effects } = stepStandby(this.#state, event, clock());
    this.#enter(state, effects);
  }

  #enter(state: StandbyState, effects: readonly StandbyEffect[]): void {
    this.#state = state;
    this.#alarm.set(standbyWake(state));
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: StandbyEffect): void {
    switch (effect.kind) {
      case "renew":
        return void this.#tell();
      case "fetchLog":
        return this.#catchUp(effect.from);
      case "takeOver":
        this.#copying?.abort();
        return this.#do(() => this.#takeOver(effect.term));
      case "stepDown":
        return this.#do(() => this.#init.deeds.stepDown());
    }
  }

  /** What cannot be fetched now may be had when the leader is heard again. */
  #do(deed: () => Promise<void>): void {
    const { emit } = this.#init.context;
    this.#deeds = this.#deeds.then(deed).catch((error: unknown) => {
      const isPassing = error instanceof NetworkError || error instanceof RequestRefused;
      if (this.#closing.signal.aborted || isPassing) return;
      emit({ kind: "handler-failed", where: "following a job", error });
    });
  }

  /** Nobody leads a term that it has not written down. */
  async #takeOver(term: number): Promise<void> {
    const { context, job, deeds } = this.#init;
    const { terms, jobEvents } = context.keep.rooms;
    const { logTerm = 0 } = (await terms.get(job)) ?? {};
    await terms.put(job, { term, logTerm });
    await this.#takeBestLog(term, { logTerm, entries: await jobEvents.length(job) });
    await terms.put(job, { term, logTerm: term });
    if (!this.#leads(term)) return;
    this.#step({ kind: "logged", term, entries: await jobEvents.length(job) });
    try {
      await deeds.lead(this);
    } catch (error) {
      this.close(); // somebody else may be able to
      throw error;
    }
  }

  async #conclude(last: JobUpdate, from: PeerId): Promise<void> {
    if (this.#last !== undefined) return;
    await this.#init.deeds.conclude(last, from);
    this.#last = last;
    this.#step({ kind: "over" });
    this.close();
  }

  /** What was decided in a later term than the one whose log is here may be at somebody else only. */
  async #takeBestLog(term: number, own: Log): Promise<void> {
    const { deeds } = this.#init;
    const answered = [...this.#heard].filter(([, { at }]) => clock() - at < 2 * ANSWER_MS);
    const [best] = answered.toSorted(([, a], [, b]) => compareLogs(b, a));
    if (best === undefined || compareLogs(best[1], own) <= 0 || !this.#leads(term)) return;
    const signal = this.#within(COPY_MS);
    try {
      await deeds.copy(best[0], term, 0, signal);
      await deeds.hold(best[0], signal);
    } catch (error) {
      const isGone = error instanceof NetworkError || error instanceof RequestRefused;
      if (!isGone) throw error;
    }
  }

  #catchUp(start: number | undefined): void {
    if (this.#copying !== undefined || this.#state.phase !== "Following") return; // it is said again
    this.#copying = new AbortController();
    const signal = AbortSignal.any([this.#copying.signal, this.#within(COPY_MS)]);
    this.#do(() => this.#copy(start, signal).finally(() => (this.#copying = undefined)));
  }

  async #copy(start: number | undefined, signal: AbortSignal): Promise<void> {
    const { term, leader } = this;
    const { deeds } = this.#init;
    if (start === 0) this.#whole = 0;
    if (start !== undefined) {
      const entries = await deeds.copy(leader, term, start, signal);
      this.#step({ kind: "logged", term, entries });
    }
    const { entries } = this.#state;
    await deeds.hold(leader, signal);
    if (this.term === term) this.#whole = entries;
  }

  #within(ms: number): AbortSignal {
    return AbortSignal.any([this.#closing.signal, AbortSignal.timeout(ms)]);
  }

  /** Says where this candidate stands, and hears where the others do. Who does not answer is told by its silence. */
  async #tell(): Promise<void> {
    const { context, job } = this.#init;
    const said = encodeCanonical(candidacy, this.#standing());
    const signal = this.#within(ANSWER_MS);
    await Promise.all(
      this.#others.map(async (peer) => {
        try {
          const reply = await context.network.call(peer, LEAD, said, { signal });
          const answer = decodeCanonical(candidacy, reply, "candidacy");
          if (answer.job === job) this.#hear(peer, answer);
        } catch {} // it is silent, or does not want to
      }),
    );
  }

  #isSealed(): boolean {
    const times = this.candidates.length > 2 ? GONE_OF_MORE : GONE_OF_TWO;
    const goneMs = times * this.#init.context.brokerConfig.absentMs;
    const { term, entries } = this.#state;
    const behind = this.#others.filter((peer) => {
      const heard = this.#heard.get(peer);
      return heard?.logTerm !== term || heard.entries < entries;
    });
    const isGone = (peer: PeerId): boolean =>
      clock() - (this.#heard.get(peer)?.at ?? this.#begun) >= goneMs;
    return 2 * behind.length < this.candidates.length || behind.every(isGone);
  }
}

/** Updates of one term: whoever watched its former leader asks for what follows. */
const UPDATES = 1_000_000;

/** The least number of what a leader tells a job's requester. */
export const firstUpdateOf = ({ candidates, term }: Leadership): number =>
  candidates.length > 1 ? term * UPDATES : 0;

const compareLogs = (a: Log, b: Log): number => a.logTerm - b.logTerm || a.entries - b.entries;
