// What a worker tells whoever leads the job it works for, and who that is: its broker, until one that the order names took the job over.

import { NetworkError, RequestRefused } from "@foldmesh/network";
import {
  type CIDText,
  type Contents,
  type PeerId,
  type SignedMessage,
  signMessage,
} from "@foldmesh/protocol";
import type { Context } from "../context.ts";
import { messageOf } from "../errors.ts";
import { REPORT } from "../methods.ts";
import { type JobTerms, fetchTerms } from "./job-terms.ts";

export type Reported = "Progress" | "Checkpoint" | "Delivery" | "Refusal";

interface Known {
  /** who may lead the job, in the order's order */
  readonly candidates: readonly PeerId[];
  leader: PeerId;
  term: number;
}

const RETRY_MS = 500;
/** Orders that are remembered. */
const MOST_ORDERS = 64;

export class Reporter {
  readonly #context: Context;
  /** by job and who tells them */
  readonly #terms = new Map<string, Promise<JobTerms>>();
  /** by job and the broker that signed its order: anybody may sign one, in which he names whom he likes */
  readonly #orders = new Map<string, Known>();
  /** of which order a candidate is, by job and candidate, as it has shown itself */
  readonly #shown = new Map<string, Known>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** What a broker's job is about; asked once. @throws as `fetchTerms` */
  termsOf(job: CIDText, broker: PeerId): Promise<JobTerms> {
    const name = `${job}/${broker}`;
    const known = this.#terms.get(name);
    if (known !== undefined) return known;
    const asked = fetchTerms(this.#context, job, broker, this.#context.stopping);
    this.#terms.set(name, asked);
    asked.then(
      (terms) => this.#note(terms),
      () => this.#terms.delete(name),
    );
    for (const map of [this.#terms, this.#orders, this.#shown]) {
      const [oldest] = map.keys();
      if (map.size > MOST_ORDERS && oldest !== undefined) map.delete(oldest);
    }
    return asked;
  }

  #note({ job, broker, candidates }: JobTerms): void {
    const name = `${job}/${candidates[0]}`;
    const known = this.#orders.get(name) ?? { candidates, leader: candidates[0]!, term: 0 };
    this.#orders.set(name, known);
    this.#shown.set(`${job}/${broker}`, known);
  }

  /** Who leads a job now of which work was given by a broker. */
  leaderOf(job: CIDText, broker: PeerId): PeerId {
    return this.#knownOf(job, broker)?.leader ?? broker;
  }

  /** Who may lead it, now or later. */
  candidatesOf(job: CIDText, broker: PeerId): readonly PeerId[] {
    return this.#knownOf(job, broker)?.candidates ?? [broker];
  }

  /**
   * Somebody says that it leads a job: the order that it shows tells whether it may.
   * @throws RequestRefused NOT_NAMED when it may not, or not in this term, DEPOSED when somebody leads a later one
   */
  async onClaim({ sender, content: { job, term } }: SignedMessage<"BrokerLease">): Promise<void> {
    const { candidates } = await this.termsOf(job, sender).catch((error: unknown) => {
      throw new RequestRefused("NOT_NAMED", messageOf(error));
    });
    if (candidates[term % candidates.length] !== sender)
      throw new RequestRefused("NOT_NAMED", `the order names ${sender} no leader of term ${term}`);
    const known = this.#knownOf(job, sender)!;
    if (term < known.term) throw deposed(known.leader);
    known.leader = sender;
    known.term = term;
  }

  /** @throws RequestRefused DEPOSED when another broker has taken the job over from this one */
  checkLeads(job: CIDText, broker: PeerId): void {
    const leader = this.leaderOf(job, broker);
    if (leader !== broker) throw deposed(leader);
  }

  async report<K extends Reported>(
    broker: PeerId,
    kind: K,
    content: Contents[K],
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#tell(this.leaderOf(content.job, broker), kind, content, signal);
  }

  /** Until whoever leads the job has it, says that it does not want it, or the lease is taken back. */
  async insist<K extends Reported>(
    broker: PeerId,
    kind: K,
    content: () => Contents[K],
    signal: AbortSignal,
  ): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const said = content();
      const { leader = broker, candidates = [broker] } = this.#knownOf(said.job, broker) ?? {};
      const at = candidates.indexOf(leader) + attempt;
      try {
        return await this.#tell(candidates[at % candidates.length]!, kind, said, signal);
      } catch (error) {
        if (!isPassing(error, candidates.length)) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  #knownOf(job: CIDText, broker: PeerId): Known | undefined {
    const name = `${job}/${broker}`;
    return this.#shown.get(name) ?? this.#orders.get(name);
  }

  async #tell<K extends Reported>(
    peer: PeerId,
    kind: K,
    content: Contents[K],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { network } = this.#context;
    const message = await signMessage(network.signer, kind, content);
    await network.call(peer, REPORT, message.bytes, signal && { signal });
  }
}

const deposed = (leader: PeerId): RequestRefused =>
  new RequestRefused("DEPOSED", `this job is led by ${leader} now`);

/** Whoever leads in the end may want it all the same: one that follows, or does not know the job, or confirms the lease just now. */
function isPassing(error: unknown, candidates: number): boolean {
  if (!(error instanceof RequestRefused)) return error instanceof NetworkError;
  if (candidates === 1) return false;
  return ["NOT_LEADING", "LEASE"].includes(error.code);
}
