// What is known of a job, from the updates of its broker: all hearsay, until the proof is verified.

import type { JobEvent, JobUpdate } from "@foldmesh/client";

/** Half-open, of leaves. */
interface Range {
  readonly start: number;
  readonly end: number;
}

export type TaskState = "open" | "working" | "delivered" | "verified" | "rejected";

export interface TaskModel {
  readonly task: string;
  /** "prove", "merge", …: what the auction called it */
  readonly work: string;
  readonly range: Range;
  readonly state: TaskState;
  /** who has it */
  readonly peer: string | undefined;
  /** leaves of a shard that are done */
  readonly done: number;
  readonly paid: bigint;
}

export interface JobModel {
  readonly steps: number;
  readonly stepsPerLeaf: number;
  readonly leaves: number;
  /** one sentence: what is going on */
  readonly headline: string;
  readonly tasks: readonly TaskModel[];
  readonly phase: "running" | "done" | "failed";
  readonly log: readonly string[];
}

export const NO_JOB: JobModel = {
  steps: 0,
  stepsPerLeaf: 0,
  leaves: 0,
  headline: "",
  tasks: [],
  phase: "running",
  log: [],
};

const MAX_LOG = 200;

/** One update further. */
export function advance(model: JobModel, { event }: JobUpdate): JobModel {
  const next = apply(model, event);
  const line = lineOf(event);
  return line === null
    ? next
    : { ...next, headline: line, log: [...next.log, line].slice(-MAX_LOG) };
}

function apply(model: JobModel, event: JobEvent): JobModel {
  switch (event.kind) {
    case "accepted": {
      const { steps, stepsPerLeaf, leaves } = event;
      return { ...model, steps, stepsPerLeaf, leaves };
    }
    case "auction-opened":
      return event.lots.reduce(
        (each, { task, work, range }) =>
          change(each, task, { work, range, state: "open", peer: undefined, done: 0 }),
        model,
      );
    case "leased": {
      const { task, peer, range } = event;
      return change(model, task, { peer, range, state: "working", done: 0 });
    }
    case "progress":
    case "checkpoint":
      return change(model, event.task, { done: event.done });
    case "delivered":
      return change(model, event.task, { state: "delivered" });
    case "verified":
      return change(model, event.task, { state: "verified", peer: event.peer });
    case "rejected":
    case "blamed":
      return change(model, event.task, { state: "rejected" });
    case "paid":
    case "owed":
      return change(model, event.task, { paid: event.amount });
    case "done":
    case "failed":
      return { ...model, phase: event.kind };
    default:
      return model;
  }
}

/** Changes a task, or adds it in its place: merges above shards, the longer the higher. */
function change(model: JobModel, task: string, what: Partial<TaskModel>): JobModel {
  const known = model.tasks.find((each) => each.task === task);
  const fresh: TaskModel = {
    task,
    work: task.split(":")[0]!,
    range: { start: 0, end: model.leaves },
    state: "open",
    peer: undefined,
    done: 0,
    paid: 0n,
  };
  const others = model.tasks.filter((each) => each.task !== task);
  return { ...model, tasks: [...others, { ...(known ?? fresh), ...what }].toSorted(byPlace) };
}

const RANKS = ["verify", "compress", "merge", "prove"];

function byPlace(a: TaskModel, b: TaskModel): number {
  const rank = RANKS.indexOf(a.work) - RANKS.indexOf(b.work);
  if (rank !== 0) return rank;
  const length = b.range.end - b.range.start - (a.range.end - a.range.start);
  return length !== 0 && a.work === "merge" ? length : a.range.start - b.range.start;
}

const name = (peer: string): string => `…${peer.slice(-6)}`;

/** What an update says, in words; null for what the picture shows. */
function lineOf(event: JobEvent): string | null {
  switch (event.kind) {
    case "accepted":
      return `accepted: ${event.leaves} leaves of ${event.stepsPerLeaf} steps`;
    case "executed":
      return `computed ${event.done} of ${event.total} steps`;
    case "taken-over":
      return `the broker stayed away: ${name(event.broker)} goes on`;
    case "planned":
      return `cut into ${event.shards.length} shards`;
    case "auction-opened":
      return `auction of ${event.lots.map(({ task }) => task).join(", ")} among ${event.bidders} bidders`;
    case "auction-closed":
      return event.sold.length === 0
        ? "auction closed: nothing sold"
        : `sold ${event.sold.map(({ task, peer, price }) => `${task} to ${name(peer)} for ${price}`).join(", ")}`;
    case "leased":
      return `${name(event.peer)} works on ${event.task}`;
    case "verified":
      return `${event.task} of ${name(event.peer)} verified by the broker`;
    case "rejected":
      return `${event.task} of ${name(event.peer)} rejected: ${event.failures.join(", ")}`;
    case "blamed":
      return `${name(event.peer)} lost ${event.task}: ${event.reason}`;
    case "paid":
      return `${name(event.peer)} was paid ${event.amount} for ${event.task}`;
    case "owed":
      return `${name(event.peer)} is paid ${event.amount} for ${event.task} by the broker before`;
    case "done":
      return `done: a proof of ${event.bytes} bytes for ${event.paid} micro-units`;
    case "failed":
      return `failed: ${event.message}`;
    default:
      return null;
  }
}
