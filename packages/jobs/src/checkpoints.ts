import type { CIDText } from "@foldmesh/protocol";
import type { JobEffect, JobEvent } from "./events.ts";
import { recordOf } from "./lease.ts";
import type { Env, TaskStep } from "./running.ts";
import { blame, heldLease, ignored, leaseOf, lose, takeBack } from "./running.ts";
import type { Checkpoint, Leased, Task } from "./task-state.ts";

type On<K extends JobEvent["kind"]> = Extract<JobEvent, { kind: K }>;

/** The holder says that its resume point is bad: somebody impartial looks, and one of the two will be to blame. */
export function onDisputed(task: Task, event: On<"disputed">): TaskStep {
  const held = heldLease(task, event);
  if (typeof held === "string") return ignored(task, event.kind, held);
  const { resume } = recordOf(task, event.epoch) ?? {};
  if (resume?.node !== event.node) return ignored(task, event.kind, "OUT_OF_RANGE");
  return { task, effects: [verification(task, resume)] };
}

function verification({ id }: Task, { epoch, from, node, bytes, done }: Checkpoint): JobEffect {
  const subject = { task: id, epoch, peer: from, node, bytes, range: done };
  return { kind: "requestVerify", subject: "checkpoint", ...subject, attempt: 1 };
}

/** Leased → Open: from the checkpoint before when it was bad, from the same one when the dispute was false */
export function onCheckpointJudged(task: Task, event: On<"checkpointJudged">, env: Env): TaskStep {
  const checkpoint = task.checkpoints.find(({ node }) => node === event.node);
  if (checkpoint === undefined) return ignored(task, event.kind, "STALE_EPOCH");
  const user = userOf(task, event.node);
  if (event.valid) return user ? lose(task, user, "FALSE_DISPUTE", env) : { task, effects: [] };
  const { task: next, effects } = discard(task, event.node, env);
  const { epoch, from: peer } = checkpoint;
  return { task: next, effects: [...effects, blame(task, { epoch, peer }, "INVALID_CHECKPOINT")] };
}

/** Leased → Open, from the checkpoint before */
export function onCheckpointLost(task: Task, event: On<"checkpointLost">, env: Env): TaskStep {
  const known = task.checkpoints.some(({ node }) => node === event.node);
  return known ? discard(task, event.node, env) : ignored(task, event.kind, "STALE_EPOCH");
}

/** Forgets a checkpoint and all built on it, with the lease that continues from there. */
function discard(task: Task, node: CIDText, env: Env): TaskStep {
  const at = task.checkpoints.findIndex((each) => each.node === node);
  const user = userOf(task, node);
  const kept = { ...task, checkpoints: task.checkpoints.slice(0, at) };
  return user ? takeBack(kept, user, "superseded", env) : { task: kept, effects: [] };
}

/** The running lease, if it continues from this checkpoint. */
function userOf(task: Task, node: CIDText): Leased | undefined {
  const held = leaseOf(task);
  return held && recordOf(task, held.epoch)?.resume?.node === node ? held : undefined;
}
