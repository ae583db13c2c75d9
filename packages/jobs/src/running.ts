import type { CIDText, PeerId, RevocationReason, Time } from "@foldmesh/protocol";
import type { BlameReason, Ignored, JobEffect, JobEvent } from "./events.ts";
import type { JobConfig, Leased, Reserved, Running, Task } from "./task-state.ts";

/** What a task's transition may look at besides the task. */
export interface Env {
  readonly now: Time;
  readonly config: JobConfig;
  readonly term: number;
  readonly deadline: Time;
  readonly banned: readonly PeerId[];
  /** the node of a task: the verified one, or the one that is being verified */
  readonly nodeOf: (task: string) => CIDText | undefined;
  /** whether all that a task is made of is verified */
  readonly isSound: (task: Task) => boolean;
  /**
   * Whether everything that a task takes is there: a shard's first state, its inputs' nodes. Those are merged and compressed while
   * they are being verified; what comes of it is verified after them.
   */
  readonly isReady: (task: Task) => boolean;
}

export interface TaskStep {
  readonly task: Task;
  readonly effects: readonly JobEffect[];
}

/** Epochs of two terms never meet: what a deposed broker hands out is always older than its successor's. */
const EPOCHS_PER_TERM = 1_000_000;

export function nextEpoch(epoch: number, term: number): number {
  return Math.max(epoch + 1, term * EPOCHS_PER_TERM);
}

/** What a task does to get a node, also while one is being verified; undefined when settled. */
export function runningOf({ state }: Task): Running | undefined {
  if (state.kind === "Verified" || state.kind === "Failed") return undefined;
  return state.kind === "Delivered" ? state.under : state;
}

export function leaseOf(task: Task): Leased | undefined {
  const running = runningOf(task);
  return running?.kind === "Leased" ? running : undefined;
}

export function reservationOf(task: Task): Reserved | undefined {
  const running = runningOf(task);
  return running?.kind === "Reserved" ? running : undefined;
}

/** The task with another thing running; not for settled tasks. */
export function withRunning(task: Task, under: Running): Task {
  const { state } = task;
  return { ...task, state: state.kind === "Delivered" ? { ...state, under } : under };
}

/** Back to be sold again under the next epoch. */
export function reopen(task: Task, { term }: Env): Task {
  const open = withRunning(task, { kind: "Open" });
  return { ...open, epoch: nextEpoch(task.epoch, term), attempts: task.attempts + 1 };
}

/** Ends a reservation through no fault of its winner; not an attempt, since nothing was tried. */
export function release(task: Task, reserved: Reserved, { term }: Env): TaskStep {
  const open = withRunning(task, { kind: "Open" });
  return {
    task: { ...open, epoch: nextEpoch(task.epoch, term) },
    effects: [revocation(task, reserved, "superseded")],
  };
}

/** Takes the running lease from its holder and reopens. */
export function takeBack(task: Task, lease: Leased, reason: RevocationReason, env: Env): TaskStep {
  return { task: reopen(task, env), effects: [revocation(task, lease, reason)] };
}

/** Takes the running lease from its holder, who is to blame, and reopens. */
export function lose(task: Task, lease: Leased, reason: BlameReason, env: Env): TaskStep {
  const { task: next, effects } = takeBack(task, lease, "expired", env);
  return { task: next, effects: [...effects, blame(task, lease, reason)] };
}

export function revocation(
  { id }: Task,
  { epoch, peer }: Leased | Reserved,
  reason: RevocationReason,
): JobEffect {
  return { kind: "revoke", task: id, epoch, peer, reason };
}

export function blame(
  { id }: Task,
  { epoch, peer }: { epoch: number; peer: PeerId },
  reason: BlameReason,
): JobEffect {
  return { kind: "blame", task: id, epoch, peer, reason };
}

/** Calls off whatever runs. */
export function stopRunning(task: Task, reason: RevocationReason): readonly JobEffect[] {
  const running = runningOf(task);
  if (running?.kind === "Leased" || running?.kind === "Reserved") {
    return [revocation(task, running, reason)];
  }
  return running?.kind === "Auctioned"
    ? [{ kind: "cancelAuction", task: task.id, epoch: task.epoch }]
    : [];
}

export function ignored(task: Task, event: JobEvent["kind"], reason: Ignored): TaskStep {
  return { task, effects: [{ kind: "ignored", event, task: task.id, reason }] };
}

/** The running lease if `epoch` and `peer` name it, else why not. */
export function heldLease(
  task: Task,
  { epoch, peer }: { epoch: number; peer: PeerId },
): Leased | Ignored {
  const running = runningOf(task);
  if (running === undefined) return "SETTLED";
  if (running.kind !== "Leased" || running.epoch !== epoch) return "STALE_EPOCH";
  return running.peer === peer ? running : "NOT_HOLDER";
}
