// What comes of deliveries: each is judged once, and the verdict goes to the job machine and to its client.

import type { JobEvent as Told } from "@foldmesh/client";
import type { JobEffect, JobEvent } from "@foldmesh/jobs";
import type { CIDText, Range } from "@foldmesh/protocol";
import { type Court, type Judgement, judge } from "./judge.ts";

type Asked = Extract<JobEffect, { kind: "requestVerify" }>;

export interface ExaminerInit {
  readonly tell: (event: Told) => void;
  readonly feed: (event: JobEvent) => void;
  /** a blob of the job: dropped with it */
  readonly own: (cid: CIDText) => CIDText;
}

export class Examiner {
  readonly #init: ExaminerInit;
  /** what deliveries claim, by task and epoch */
  readonly #claims = new Map<string, Range>();
  /** verified nodes with their ranges: what was verified once is not verified again */
  readonly #verified = new Map<CIDText, Range>();

  constructor(init: ExaminerInit) {
    this.#init = init;
  }

  /** What a worker says its delivery is of. */
  note(task: string, epoch: number, range: Range): void {
    this.#claims.set(`${task}/${epoch}`, range);
  }

  async examine(court: Court, asked: Asked): Promise<void> {
    const { task, epoch, peer, node, bytes, range, subject, attempt } = asked;
    const { tell, own } = this.#init;
    if (subject === "node") tell({ kind: "delivered", task, epoch, peer, bytes });
    const judgement = await this.#judge(court, asked);
    if (judgement.kind === "invalid") return this.#conclude(asked, false, judgement.failures);
    if (judgement.kind === "missing") {
      if (attempt > 1) this.#conclude(asked, false, [judgement.reason]);
      return; // asked again by the machine
    }
    const isNew = !this.#verified.has(node);
    this.#verified.set(own(node), range);
    if (isNew) tell({ kind: "verified", task, epoch, peer, range, ms: judgement.ms });
    this.#conclude(asked, true, []);
  }

  async #judge(
    court: Court,
    { task, epoch, peer, node, bytes, range, subject }: Asked,
  ): Promise<Judgement> {
    const claimed = this.#claims.get(`${task}/${epoch}`);
    if (subject === "node" && claimed !== undefined && !isSame(claimed, range)) {
      return { kind: "invalid", failures: ["it is said to be of another range"] };
    }
    if (isSame(this.#verified.get(node), range)) return { kind: "valid", ms: 0 };
    const form = task === "compress" ? "compressed" : "node";
    return judge(court, { node, bytes, holders: [peer], range, form });
  }

  #conclude(
    { task, epoch, peer, node, subject }: Asked,
    valid: boolean,
    failures: readonly string[],
  ): void {
    const { tell, feed } = this.#init;
    if (!valid) {
      const named = failures.slice(0, 32).map((each) => each.slice(0, 500));
      tell({ kind: "rejected", task, epoch, peer, failures: named });
    }
    if (subject === "checkpoint") feed({ kind: "checkpointJudged", task, node, valid });
    else feed({ kind: "judged", task, epoch, node, valid });
  }
}

const isSame = (a: Range | undefined, b: Range): boolean => a?.start === b.start && a.end === b.end;
