// What comes of deliveries: each is judged once, and the verdict goes to the job machine and to its client.

import type { JobEvent as Told } from "@foldmesh/client";
import {
  type JobEffect,
  type JobEvent,
  type MadeNode,
  type Task,
  firstWrong,
} from "@foldmesh/jobs";
import type { CIDText, Contents, PeerId, Range, SignedMessage } from "@foldmesh/protocol";
import type { Lineage } from "@foldmesh/prover";
import { type Court, type Judgement, judge } from "./judge.ts";
import { lineageOf } from "./lineage.ts";
import type { Prosecutor } from "./prosecutor.ts";

type Asked = Extract<JobEffect, { kind: "requestVerify" }>;

export interface ExaminerInit {
  readonly job: CIDText;
  readonly tell: (event: Told) => void;
  readonly feed: (event: JobEvent) => void;
  /** a blob of the job: dropped with it */
  readonly own: (cid: CIDText) => Promise<CIDText>;
  /** whether the job ends in a compressed proof */
  readonly compresses: boolean;
  readonly prosecutor: Prosecutor;
  /** as they stand now */
  readonly tasks: () => readonly Task[];
}

type Form = "node" | "compressed";

/** What a worker says of its delivery. */
type Claim = Pick<Contents["Delivery"], "range" | "batch">;

export class Examiner {
  readonly #init: ExaminerInit;
  /** by task, epoch and who delivers */
  readonly #claims = new Map<string, Claim>();
  /** of nodes that were verified, or only read */
  readonly #provenances = new Map<CIDText, bigint>();
  /**
   * What was verified once is not verified again: ranges by form and CID. A root verified as a node is not
   * a compressed proof, and whoever delivers it as one would be paid for nothing and disclose the witness.
   */
  readonly #verified = new Map<string, Range>();
  /** Under examination, with the last time it was asked for: a slow delivery is not fetched twice side by side. */
  readonly #attempts = new Map<string, number>();

  constructor(init: ExaminerInit) {
    this.#init = init;
  }

  note(delivery: SignedMessage<"Delivery">): void {
    const { task, epoch, ...claim } = delivery.content;
    this.#claims.set(`${task}/${epoch}/${delivery.sender}`, claim);
    this.#init.prosecutor.onDelivery(delivery);
  }

  /**
   * What a checkpoint claims to be, before it is kept: of its range, and of its maker's own work. Whether that is true,
   * whoever goes on from it will see.
   * @returns what is wrong with it
   */
  async read(
    court: Court,
    peer: PeerId,
    { task, epoch, done, node, batch = 1 }: Contents["Checkpoint"],
  ): Promise<readonly string[]> {
    const { job, tasks } = this.#init;
    const origin = { job, task, epoch, peer, batch };
    const whole = await lineageOf(tasks(), origin, (...node) => this.#provenanceOf(court, ...node));
    if (whole?.kind !== "shard" || done.end <= whole.range.start) return ["of no such shard"];
    const lineage = { ...whole, range: { start: whole.range.start, end: done.end } };
    const expected = { i: BigInt(done.start), j: BigInt(done.end), lineage };
    const bytes = await court.network.blobs.fetch(node, { signal: court.signal });
    const { failures, claim } = await court.session.verify(
      { node: bytes, expected, statementOnly: true },
      { signal: court.signal },
    );
    if (claim !== null) this.#provenances.set(node, claim.provenance);
    return failures;
  }

  async examine(court: Court, asked: Asked): Promise<void> {
    const { task, epoch, peer, node, subject, attempt } = asked;
    const key = [subject, task, epoch, peer, node].join(" ");
    const isUnderWay = this.#attempts.has(key);
    this.#attempts.set(key, attempt);
    if (isUnderWay) return;
    try {
      await this.#examine(court, asked, () => this.#attempts.get(key)!);
    } finally {
      this.#attempts.delete(key);
    }
  }

  async #examine(court: Court, asked: Asked, attempts: () => number): Promise<void> {
    const { task, epoch, peer, node, bytes, range, subject } = asked;
    const { tell, own } = this.#init;
    if (subject === "node") tell({ kind: "delivered", task, epoch, peer, bytes });
    await own(node);
    const judgement = await this.#judge(court, asked);
    if (judgement.kind === "invalid") return this.#onWrong(court, asked, judgement.failures);
    if (judgement.kind === "missing") {
      if (attempts() > 1) this.#concludeMissing(asked, judgement.reason);
      return; // asked again by the machine
    }
    this.#provenances.set(node, judgement.provenance);
    const key = `${this.#formOf(task)} ${node}`;
    const isNew = !this.#verified.has(key);
    this.#verified.set(key, range);
    if (isNew) tell({ kind: "verified", task, epoch, peer, range, ms: judgement.ms });
    this.#conclude(asked, true, []);
  }

  /** Of a wrong node it is the first wrong one below it that counts: its maker is named, and accused with what proves it. */
  async #onWrong(court: Court, asked: Asked, failures: readonly string[]): Promise<void> {
    if (asked.subject === "checkpoint") return this.#conclude(asked, false, failures);
    const { tasks, prosecutor } = this.#init;
    const isWrong = async ({ node, bytes, peer, range, ...made }: MadeNode): Promise<boolean> => {
      const lineage = await this.#lineage(court, { ...made, peer });
      const found = { node, bytes, holders: [peer], range, form: this.#formOf(made.task), lineage };
      return (await judge(court, found)).kind === "invalid";
    };
    const culprit = await firstWrong(tasks(), asked.task, isWrong);
    this.#verified.delete(
      `${this.#formOf(culprit?.task ?? asked.task)} ${(culprit ?? asked).node}`,
    );
    await prosecutor.accuse(culprit ?? asked);
    this.#conclude(asked, false, failures, culprit);
  }

  async #judge(
    court: Court,
    { task, epoch, peer, node, bytes, range, subject }: Asked,
  ): Promise<Judgement> {
    const claimed = this.#claims.get(`${task}/${epoch}/${peer}`);
    const isDelivered = subject === "node";
    if (isDelivered && claimed !== undefined && !isSame(claimed.range, range)) {
      return { kind: "invalid", failures: ["it is said to be of another range"] };
    }
    const form = this.#formOf(task);
    const provenance = this.#provenances.get(node);
    const isKnown = isSame(this.#verified.get(`${form} ${node}`), range);
    if (!isDelivered && isKnown && provenance !== undefined) {
      return { kind: "valid", ms: 0, provenance };
    }
    const lineage = isDelivered ? await this.#lineage(court, { task, epoch, peer }) : undefined;
    const onFetched = (): void => {
      if (isDelivered) this.#init.feed({ kind: "fetched", task, epoch, node });
    };
    return judge(court, { node, bytes, holders: [peer], range, form, lineage, onFetched });
  }

  #lineage(
    court: Court,
    { task, epoch, peer }: Pick<Asked, "task" | "epoch" | "peer">,
  ): Promise<Lineage | undefined> {
    const { job, tasks } = this.#init;
    const claim = this.#claims.get(`${task}/${epoch}/${peer}`);
    const origin = { job, task, epoch, peer, batch: claim && (claim.batch ?? 1) };
    return lineageOf(tasks(), origin, (...node) => this.#provenanceOf(court, ...node));
  }

  /** Known from when it was verified; after a restart it is read again. */
  async #provenanceOf(
    { network, session, signal }: Court,
    cid: CIDText,
    holders: readonly PeerId[],
  ): Promise<bigint> {
    const known = this.#provenances.get(cid);
    if (known !== undefined) return known;
    const node = await network.blobs.fetch(cid, { from: holders, signal });
    const task = { node, expected: { i: 0n }, statementOnly: true }; // only the claim is looked at
    const { claim } = await session.verify(task, { signal });
    if (claim === null) throw new Error(`${cid}, which is held as a node, is none`);
    this.#provenances.set(cid, claim.provenance);
    return claim.provenance;
  }

  /** What the task's result is: the last task verifies what the whole job comes to. */
  #formOf(task: string): Form {
    const isLast = task === "compress" || (task === "verify" && this.#init.compresses);
    return isLast ? "compressed" : "node";
  }

  #concludeMissing({ task, epoch, peer, node, subject }: Asked, reason: string): void {
    const { tell, feed } = this.#init;
    tell({ kind: "rejected", task, epoch, peer, failures: [reason.slice(0, 500)] });
    if (subject === "checkpoint") feed({ kind: "checkpointLost", task, node });
    else feed({ kind: "judged", task, epoch, node, valid: false, missing: true });
  }

  #conclude(asked: Asked, valid: boolean, failures: readonly string[], culprit?: MadeNode): void {
    const { tell, feed } = this.#init;
    const { task, epoch, node, subject } = asked;
    if (!valid) {
      const named = failures.slice(0, 32).map((each) => each.slice(0, 500));
      const of = culprit ?? asked;
      tell({ kind: "rejected", task: of.task, epoch: of.epoch, peer: of.peer, failures: named });
    }
    if (subject === "checkpoint") feed({ kind: "checkpointJudged", task, node, valid });
    else {
      const found = culprit && { culprit: culprit.task };
      feed({ kind: "judged", task, epoch, node, valid, ...found });
    }
  }
}

const isSame = (a: Range | undefined, b: Range): boolean => a?.start === b.start && a.end === b.end;
