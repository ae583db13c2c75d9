// The jobs that this broker leads or may come to lead: for each of them who is a candidate, who leads, and whose log is here.

import { HELLO, type JobUpdate } from "@foldmesh/client";
import { type Caller, RequestRefused } from "@foldmesh/network";
import {
  type CIDText,
  type PeerId,
  type SignedMessage,
  decodeCanonical,
  encodeCanonical,
} from "@foldmesh/protocol";
import { type Signed, candidatesOf, openSigned } from "../candidates.ts";
import type { Context } from "../context.ts";
import { type Candidacy, LEAD, LOG, candidacy, logRequest } from "../methods.ts";
import type { BrokerJob } from "./broker-job.ts";
import type { Desk } from "./desk.ts";
import { Following, pageOf } from "./following.ts";
import { type Leadership, Succession } from "./succession.ts";

export interface CandidaciesInit {
  readonly context: Context;
  readonly desk: Desk;
  /** Goes on with a job from where its log ends. */
  readonly lead: (job: CIDText, signed: Signed, leadership: Leadership) => Promise<void>;
  readonly stepDown: (job: CIDText) => Promise<void>;
  /** A job ended at another candidate, who has its proof. */
  readonly conclude: (
    job: CIDText,
    signed: Signed,
    end: { readonly last: JobUpdate; readonly from: PeerId },
  ) => Promise<void>;
  readonly finished: (job: CIDText) => BrokerJob | undefined;
  /** A job is followed from now on. */
  readonly onFollowed: (job: CIDText, signed: Signed) => void;
}

interface Candidate extends Signed {
  readonly succession: Succession;
}

/** How long a broker may take to say that it is one. */
const HELLO_MS = 1_000;

export class Candidacies {
  readonly #init: CandidaciesInit;
  readonly #candidates = new Map<CIDText, Candidate>();
  readonly #joining = new Map<CIDText, Promise<Candidate>>();

  constructor(init: CandidaciesInit) {
    this.#init = init;
  }

  async serve(): Promise<void> {
    const { context } = this.#init;
    await context.network.handle(LEAD, (bytes, caller) => this.#onLead(bytes, caller));
    await context.network.handle(LOG, (bytes, { peer }) => {
      const { job, from } = decodeCanonical(logRequest, bytes, "log request");
      const known = this.#candidates.get(job);
      if (known === undefined || !isNamed(known.order, peer)) throw notNamed(job);
      return pageOf(context, job, from);
    });
  }

  stop(): void {
    this.#candidates.forEach(({ succession }) => succession.close());
  }

  /** Other brokers that answer, to be named in an order. @param brokers the known ones */
  async standbys(brokers: readonly PeerId[]): Promise<readonly PeerId[]> {
    const { network, brokerConfig } = this.#init.context;
    const asked = brokers.slice(0, 2 * brokerConfig.standbys).map(async (peer) => {
      const signal = AbortSignal.timeout(HELLO_MS);
      return network.call(peer, HELLO, new Uint8Array(), { signal }).then(
        () => [peer],
        () => [],
      );
    });
    return (await Promise.all(asked)).flat().slice(0, brokerConfig.standbys);
  }

  /** To be begun. @param isFresh its order has been given here, just now; else it was here before a restart. */
  async open(job: CIDText, signed: Signed, isFresh: boolean): Promise<Leadership> {
    const { succession } = await this.#add(
      job,
      signed,
      new Following(this.#init.context, job),
      isFresh,
    );
    return succession;
  }

  /** Whoever leads a job that is followed here; undefined when none is. */
  leaderOf(job: CIDText): { readonly requester: PeerId; readonly leader: PeerId } | undefined {
    const known = this.#candidates.get(job);
    return known && { requester: known.request.sender, leader: known.succession.leader };
  }

  /** A job ended here. */
  async over(job: CIDText, last: JobUpdate): Promise<void> {
    const known = this.#candidates.get(job);
    await known?.succession.over(last);
    if (this.#candidates.get(job) === known) this.#candidates.delete(job);
  }

  async #add(
    job: CIDText,
    signed: Signed,
    following: Following,
    isFresh: boolean,
  ): Promise<Candidate> {
    const { context, lead, stepDown, conclude } = this.#init;
    const { terms, jobEvents } = context.keep.rooms;
    const kept = (await terms.get(job)) ?? { term: 0, logTerm: 0 };
    const succession = new Succession({
      context,
      job,
      candidates: candidatesOf(signed.order),
      kept: { ...kept, entries: await jobEvents.length(job) },
      isFresh,
      deeds: {
        lead: (leadership) => lead(job, signed, leadership),
        stepDown: () => stepDown(job),
        copy: (...log) => following.copy(...log),
        hold: (...blobs) => following.hold(...blobs),
        conclude: async (last, from) => {
          await conclude(job, signed, { last, from });
          this.#candidates.delete(job);
        },
      },
    });
    const candidate = { ...signed, succession };
    this.#candidates.set(job, candidate);
    return candidate;
  }

  async #onLead(bytes: Uint8Array, { peer, signal }: Caller): Promise<Uint8Array> {
    const said = decodeCanonical(candidacy, bytes, "candidacy");
    const over = this.#init.finished(said.job);
    if (over !== undefined) return encodeCanonical(candidacy, await this.#endOf(over, peer));
    const known =
      this.#candidates.get(said.job) ??
      (await (this.#joining.get(said.job) ?? this.#join(said, peer, signal)));
    if (!isNamed(known.order, peer)) throw notNamed(said.job);
    return encodeCanonical(candidacy, known.succession.onLead(peer, said));
  }

  async #endOf({ job, order, updates }: BrokerJob, peer: PeerId): Promise<Candidacy> {
    const last = updates.all().at(-1);
    if (last === undefined || !isNamed(order, peer)) throw notNamed(job);
    const kept = await this.#init.context.keep.rooms.terms.get(job);
    return { job, term: kept?.term ?? 0, logTerm: kept?.logTerm ?? 0, entries: 0, last };
  }

  #join(said: Candidacy, peer: PeerId, signal: AbortSignal): Promise<Candidate> {
    const joining = this.#follow(said, peer, signal).finally(() => this.#joining.delete(said.job));
    this.#joining.set(said.job, joining);
    return joining;
  }

  /** Somebody names this broker a standby of its job: that shows from the order, which comes with the log. */
  async #follow(
    { job, term, last }: Candidacy,
    from: PeerId,
    signal: AbortSignal,
  ): Promise<Candidate> {
    const { context, desk, onFollowed } = this.#init;
    const { maxJobs } = context.brokerConfig;
    if (last !== undefined) throw notNamed(job);
    if (this.#candidates.size + this.#joining.size >= 2 * maxJobs)
      throw new RequestRefused("BUSY", "this broker follows enough jobs");
    using _ = desk.enter(from);
    const following = new Following(context, job);
    await following.copy(from, term, 0, signal);
    const signed = await openSigned((await context.keep.rooms.jobs.get(job))!);
    const candidate = await this.#add(job, signed, following, false);
    await candidate.succession.begin();
    onFollowed(job, signed);
    return candidate;
  }
}

const isNamed = (order: SignedMessage<"Order">, peer: PeerId): boolean =>
  candidatesOf(order).includes(peer);

const notNamed = (job: CIDText): RequestRefused =>
  new RequestRefused("NOT_NAMED", `no order of job ${job} that is known here names you`);
