// What comes of deliveries: each is judged once, and the verdict goes to the job machine and to its client.

import type { JobEvent as Told } from "@foldmesh/client";
import {
  type JobEffect,
  type JobEvent,
  type MadeNode,
  type Task,
  firstWrong,
} from "@foldmesh/jobs";
import type { CIDText, Range, SignedMessage } from "@foldmesh/protocol";
import { type Court, type Judgement, judge } from "./judge.ts";
import type { Prosecutor } from "./prosecutor.ts";

type Asked = Extract<JobEffect, { kind: "requestVerify" }>;

export interface ExaminerInit {
  readonly tell: (event: Told) => void;
  readonly feed: (event: JobEvent) => void;
  /** a blob of the job: dropped with it */
  readonly own: (cid: CIDText) => CIDText;
  /** whether the job ends in a compressed proof */
  readonly compresses: boolean;
  readonly prosecutor: Prosecutor;
  /** as they stand now */
  readonly tasks: () => readonly Task[];
}

type Form = "node" | "compressed";

export class Examiner {
  readonly #init: ExaminerInit;
  /** what deliveries claim, by task, epoch and who delivers */
  readonly #claims = new Map<string, Range>();
  /**
   * What was verified once is not verified again: ranges by form and CID. A root verified as a node is not
   * a compressed proof, and whoever delivers it as one would be paid for nothing and disclose the witness.
   */
  readonly #verified = new Map<string, Range>();

  constructor(init: ExaminerInit) {
    this.#init = init;
  }

  /** What a worker says its delivery is of. */
  note(delivery: SignedMessage<"Delivery">): void {
    const { task, epoch, range } = delivery.content;
    this.#claims.set(`${task}/${epoch}/${delivery.sender}`, range);
    this.#init.prosecutor.onDelivery(delivery);
  }

  async examine(court: Court, asked: Asked): Promise<void> {
    const { task, epoch, peer, node, bytes, range, subject, attempt } = asked;
    const { tell, own } = this.#init;
    if (subject === "node") tell({ kind: "delivered", task, epoch, peer, bytes });
    const judgement = await this.#judge(court, asked);
    if (judgement.kind === "invalid") return this.#onWrong(court, asked, judgement.failures);
    if (judgement.kind === "missing") {
      if (attempt > 1) this.#conclude(asked, false, [judgement.reason]);
      return; // asked again by the machine
    }
    const key = `${this.#formOf(task)} ${node}`;
    const isNew = !this.#verified.has(key);
    own(node);
    this.#verified.set(key, range);
    if (isNew) tell({ kind: "verified", task, epoch, peer, range, ms: judgement.ms });
    this.#conclude(asked, true, []);
  }

  /** Of a wrong node it is the first wrong one below it that counts: its maker is named, and accused with what proves it. */
  async #onWrong(court: Court, asked: Asked, failures: readonly string[]): Promise<void> {
    if (asked.subject === "checkpoint") return this.#conclude(asked, false, failures);
    const { tasks, prosecutor } = this.#init;
    const isWrong = async ({ node, bytes, peer, range, task }: MadeNode): Promise<boolean> => {
      const found = { node, bytes, holders: [peer], range, form: this.#formOf(task) };
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
    if (subject === "node" && claimed !== undefined && !isSame(claimed, range)) {
      return { kind: "invalid", failures: ["it is said to be of another range"] };
    }
    const form = this.#formOf(task);
    if (isSame(this.#verified.get(`${form} ${node}`), range)) return { kind: "valid", ms: 0 };
    return judge(court, { node, bytes, holders: [peer], range, form });
  }

  /** What the task's result is: the last task verifies what the whole job comes to. */
  #formOf(task: string): Form {
    const isLast = task === "compress" || (task === "verify" && this.#init.compresses);
    return isLast ? "compressed" : "node";
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
