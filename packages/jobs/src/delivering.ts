import type { PeerId } from "@foldmesh/protocol";
import { contributionsOf } from "./contributions.ts";
import type { JobEffect, JobEvent } from "./events.ts";
import { recordOf } from "./lease.ts";
import type { Env, TaskStep } from "./running.ts";
import { blame, ignored, nextEpoch, reopen, runningOf, stopRunning } from "./running.ts";
import type { Candidate, Delivered, LeaseRecord, Running, Task } from "./task-state.ts";

type On<K extends JobEvent["kind"]> = Extract<JobEvent, { kind: K }>;

/** Leased → Delivered; or a late delivery of an older epoch, which is looked at while the newer lease goes on. */
export function onDelivered(task: Task, event: On<"delivered">, env: Env): TaskStep {
  const running = runningOf(task);
  if (running === undefined) return ignored(task, event.kind, "SETTLED");
  const record = recordOf(task, event.epoch);
  if (record === undefined) return ignored(task, event.kind, "STALE_EPOCH");
  if (record.peer !== event.peer || env.banned.includes(event.peer)) {
    return ignored(task, event.kind, "NOT_HOLDER");
  }
  const { epoch, peer, node, bytes } = event;
  const candidate = { epoch, peer, node, bytes, at: env.now };
  const under: Running =
    running.kind === "Leased" && running.epoch === epoch ? { kind: "Open" } : running;
  if (task.state.kind !== "Delivered") return examine(task, candidate, [], under, env);
  return enqueue(task, task.state, candidate, under);
}

function enqueue(task: Task, state: Delivered, candidate: Candidate, under: Running): TaskStep {
  const known = [state.candidate, ...state.queue].some(({ epoch }) => epoch === candidate.epoch);
  if (known) return ignored(task, "delivered", "DUPLICATE");
  return {
    task: { ...task, state: { ...state, under, queue: [...state.queue, candidate] } },
    effects: [],
  };
}

/** → Delivered: has a node verified */
export function examine(
  task: Task,
  candidate: Candidate,
  queue: readonly Candidate[],
  under: Running,
  env: Env,
): TaskStep {
  const state: Delivered = {
    kind: "Delivered",
    candidate,
    verifyBy: env.now,
    attempt: 0,
    queue,
    under,
  };
  return askAgain({ ...task, state }, env);
}

function verification({ id, kind, range }: Task, { candidate, attempt }: Delivered): JobEffect {
  const { epoch, peer, node, bytes } = candidate;
  const subject = kind === "verify" ? "root" : "node";
  return { kind: "requestVerify", subject, task: id, epoch, peer, node, bytes, range, attempt };
}

/** For the first time, or because no verdict came. Of what is made of a node that may be bad nobody can say whose fault it is. */
export function askAgain(task: Task, { now, config, isSound }: Env): TaskStep {
  if (task.state.kind !== "Delivered") return { task, effects: [] };
  const waiting = { ...task.state, verifyBy: now + config.verifyMs };
  if (!isSound(task)) return { task: { ...task, state: waiting }, effects: [] };
  const state = { ...waiting, attempt: waiting.attempt + 1 };
  return { task: { ...task, state }, effects: [verification(task, state)] };
}

/** Delivered → Verified, or → the next delivery, or → what runs under it. A verdict that names a culprit is the job's business. */
export function onJudged(task: Task, event: On<"judged">, env: Env): TaskStep {
  const { state } = task;
  if (state.kind !== "Delivered") return ignored(task, event.kind, "SETTLED");
  const { epoch, node } = state.candidate;
  if (epoch !== event.epoch || node !== event.node) return ignored(task, event.kind, "STALE_EPOCH");
  return event.valid ? accept(task, state) : reject(task, state, env, event.missing === true);
}

function accept(task: Task, { candidate }: Delivered): TaskStep {
  const { epoch, peer, node, bytes, at } = candidate;
  const record = recordOf(task, epoch);
  const contributions = record ? contributionsOf(record, task.range.end, at) : [];
  return {
    task: {
      ...task,
      checkpoints: [],
      state: { kind: "Verified", epoch, peer, node, bytes, contributions },
    },
    effects: stopRunning(task, "superseded"),
  };
}

/** Its node is here: what is made of it can begin. */
export function onFetched(task: Task, { kind, epoch, node }: On<"fetched">): TaskStep {
  const { state } = task;
  if (state.kind !== "Delivered") return ignored(task, kind, "SETTLED");
  const { candidate } = state;
  if (candidate.epoch !== epoch || candidate.node !== node)
    return ignored(task, kind, "STALE_EPOCH");
  if (candidate.fetched === true) return ignored(task, kind, "DUPLICATE");
  return {
    task: { ...task, state: { ...state, candidate: { ...candidate, fetched: true } } },
    effects: [],
  };
}

/** Whoever leads now has to fetch it for itself. */
export function withoutFetched(task: Task): Task {
  if (task.state.kind !== "Delivered") return task;
  const { fetched: _, ...candidate } = task.state.candidate;
  return { ...task, state: { ...task.state, candidate } };
}

/** A node that nobody has any more is no lie: its maker is gone, not a cheat. */
function reject(task: Task, state: Delivered, env: Env, isMissing: boolean): TaskStep {
  const { candidate } = state;
  const [next, ...queue] = state.queue;
  const trusted = isMissing ? task : withoutCheckpointsOf(task, candidate.peer);
  const blamed = blame(task, candidate, isMissing ? "DISCONNECTED" : "INVALID_NODE");
  if (next === undefined)
    return { task: resumeUnder(trusted, state.under, env), effects: [blamed] };
  const { task: examined, effects } = examine(trusted, next, queue, state.under, env);
  return { task: examined, effects: [blamed, ...effects] };
}

function withoutCheckpointsOf(task: Task, peer: PeerId): Task {
  return { ...task, checkpoints: task.checkpoints.filter(({ from }) => from !== peer) };
}

/** Delivered → Open under a new epoch when the present one is used up, else → what was running */
function resumeUnder(task: Task, under: Running, env: Env): Task {
  const running = { ...task, state: under };
  const usedUp = under.kind === "Open" && recordOf(task, task.epoch) !== undefined;
  return usedUp ? reopen(running, env) : running;
}

/** The lease under which a settled node was made. */
export function makerOf(task: Task): LeaseRecord | undefined {
  return task.state.kind === "Verified" ? recordOf(task, task.state.epoch) : undefined;
}

/**
 * Any → Open: a node below, or this one, turned out bad after it had been accepted. With `forget`, leases given before are void: what
 * they would deliver is built on the bad node.
 */
export function undo(task: Task, forget: boolean, { term }: Env): TaskStep {
  const bad = makerOf(task)?.peer;
  const leases = forget ? [] : task.leases;
  const checkpoints = task.checkpoints.filter(({ from }) => from !== bad);
  const epoch = nextEpoch(task.epoch, term);
  const open: Task = {
    ...task,
    leases,
    checkpoints,
    epoch,
    attempts: task.attempts + (forget ? 0 : 1), // what others lied about says nothing against the task
    state: { kind: "Open" },
  };
  return { task: open, effects: stopRunning(task, "superseded") };
}
