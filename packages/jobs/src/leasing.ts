import type { Range } from "@foldmesh/protocol";
import { budgetFrom, contributionsOf } from "./contributions.ts";
import type { BlameReason, JobEffect, JobEvent, JobLot } from "./events.ts";
import { connected, excuse, grant, recordOf, renew, whyLost } from "./lease.ts";
import type { Env, TaskStep } from "./running.ts";
import {
  heldLease,
  ignored,
  leaseOf,
  lose,
  nextEpoch,
  release,
  reopen,
  reservationOf,
  runningOf,
  takeBack,
  withRunning,
} from "./running.ts";
import type { Checkpoint, JobConfig, Leased, LeaseRecord, Reserved, Task } from "./task-state.ts";

type On<K extends JobEvent["kind"]> = Extract<JobEvent, { kind: K }>;

/** What is left to prove after the furthest checkpoint. */
export function workOf({ range, checkpoints }: Task): Range {
  return { start: checkpoints.at(-1)?.done.end ?? range.start, end: range.end };
}

/** Open → Auctioned */
export function auction(
  task: Task,
  { now, deadline, config }: Env,
): { readonly task: Task; readonly lot: JobLot } {
  const work = workOf(task);
  const maxReserve = budgetFrom(task, work.start);
  const share = (work.end - work.start) / (task.range.end - task.range.start);
  const constraints = Math.ceil(task.constraints * share);
  const lot: JobLot = {
    task: task.id,
    kind: task.kind,
    epoch: task.epoch,
    range: work,
    constraints,
    reserve: (maxReserve * BigInt(config.firstReserve)) / 1_000_000n,
    maxReserve,
    maxDuration: longestPromise(constraints, deadline - now, config),
  };
  return { task: withRunning(task, { kind: "Auctioned" }), lot };
}

function longestPromise(
  constraints: number,
  left: number,
  { maxDuration, longestMs, slowestNs }: JobConfig,
): number {
  const share = (left * maxDuration) / 1_000_000;
  return Math.floor(Math.min(share, longestMs + (constraints * slowestNs) / 1_000_000));
}

/** Auctioned → Leased, or → Reserved ahead of its inputs, or → Open when the winner may not have it */
export function onAwarded(task: Task, event: On<"awarded">, env: Env): TaskStep {
  const running = runningOf(task);
  if (running === undefined) return ignored(task, event.kind, "SETTLED");
  if (running.kind !== "Auctioned" || event.epoch !== task.epoch)
    return ignored(task, event.kind, "STALE_EPOCH");
  const work = workOf(task);
  if (event.price > budgetFrom(task, work.start)) {
    return { ...ignored(task, event.kind, "OVER_BUDGET"), task: reopen(task, env) };
  }
  if (env.banned.includes(event.peer)) return { task: reopen(task, env), effects: [] };
  const sale = reservation(event, env);
  return env.isReady(task)
    ? begin(task, sale, env)
    : { task: withRunning(task, sale), effects: [] };
}

function reservation({ peer, epoch, price, duration }: On<"awarded">, { now, config }: Env) {
  const until = now + config.reserveMs;
  return { kind: "Reserved", peer, epoch, price, duration, granted: now, until } as const;
}

/** Auctioned or Reserved → Leased @param task its inputs are there */
export function begin(task: Task, sale: Reserved, env: Env): TaskStep {
  return lease(task, recordFor(task, sale, workOf(task), env), env);
}

function recordFor(
  task: Task,
  { epoch, peer, price, duration }: Reserved,
  work: Range,
  { now }: Env,
): LeaseRecord {
  const resume = task.checkpoints.at(-1);
  const record = { epoch, peer, price, promisedMs: duration, granted: now, work };
  return resume === undefined ? record : { ...record, resume };
}

function lease(task: Task, record: LeaseRecord, env: Env): TaskStep {
  const leased = grant(task, record, env.config, env.now, env.deadline);
  const next = withRunning({ ...task, leases: [...task.leases, record] }, leased);
  return { task: next, effects: [{ kind: "sendLease", ...termsOf(task, record, leased, env) }] };
}

function termsOf(
  task: Task,
  { epoch, peer, price, resume }: LeaseRecord,
  { deadline }: Leased,
  { nodeOf }: Env,
): Omit<Extract<JobEffect, { kind: "sendLease" }>, "kind"> {
  return {
    task: task.id,
    epoch,
    peer,
    range: task.range,
    price,
    deadline,
    inputs: task.inputs.flatMap((id) => nodeOf(id) ?? []),
    ...(resume && { resume: resumeOf(resume) }),
  };
}

function resumeOf({ done, node, bytes, holders, from }: Checkpoint) {
  return { done, node, bytes, holders, from };
}

/** Auctioned → Failed */
export function onUnsold(task: Task, event: On<"unsold">): TaskStep {
  const running = runningOf(task);
  if (running?.kind !== "Auctioned" || event.epoch !== task.epoch)
    return ignored(task, event.kind, "STALE_EPOCH");
  if (task.state.kind === "Delivered")
    return { task: withRunning(task, { kind: "Open" }), effects: [] };
  return { task: { ...task, state: { kind: "Failed", reason: "NO_BIDDERS" } }, effects: [] };
}

/** Leased → Open */
export function onRefused(task: Task, event: On<"refused">, env: Env): TaskStep {
  const held = heldLease(task, event);
  if (typeof held === "string") return ignored(task, event.kind, held);
  return loseOrExcuse(task, held, "REFUSED", env);
}

/** Leased → Leased, the deadline moved when there was progress */
export function onProgress(task: Task, event: On<"progress">, env: Env): TaskStep {
  const held = heldLease(task, event);
  if (typeof held === "string") return ignored(task, event.kind, held);
  if (event.done > task.range.end) return ignored(task, event.kind, "OUT_OF_RANGE");
  return renewed(task, held, event.done, env);
}

function renewed(task: Task, held: Leased, done: number, { config, now }: Env): TaskStep {
  const next = renew(task, held, done, config, now);
  const { epoch, peer, deadline } = next;
  const effects: readonly JobEffect[] =
    deadline === held.deadline
      ? []
      : [{ kind: "renewLease", task: task.id, epoch, peer, deadline }];
  return { task: withRunning(task, next), effects };
}

/** Leased → Leased, with a place to continue from; one checkpoint a lease is kept, the furthest. */
export function onCheckpointed(task: Task, event: On<"checkpointed">, env: Env): TaskStep {
  const held = heldLease(task, event);
  if (typeof held === "string") return ignored(task, event.kind, held);
  const within =
    task.kind === "prove" && event.done > workOf(task).start && event.done < task.range.end;
  if (!within) return ignored(task, event.kind, "OUT_OF_RANGE");
  const checkpoint = checkpointOf(task, event, env);
  const earlier = task.checkpoints.filter(({ epoch }) => epoch !== event.epoch);
  const { task: next, effects } = renewed(
    { ...task, checkpoints: [...earlier, checkpoint] },
    held,
    event.done,
    env,
  );
  const { epoch, peer, node, bytes, holders } = event;
  const store: JobEffect = {
    kind: "storeCheckpoint",
    task: task.id,
    epoch,
    peer,
    node,
    bytes,
    done: checkpoint.done,
    holders,
  };
  return { task: next, effects: [store, ...effects] };
}

function checkpointOf(task: Task, event: On<"checkpointed">, { now }: Env): Checkpoint {
  const { epoch, peer, node, bytes, holders, done } = event;
  const contributions = contributionsOf(recordOf(task, epoch) as LeaseRecord, done, now);
  return {
    epoch,
    from: peer,
    done: { start: task.range.start, end: done },
    node,
    bytes,
    holders,
    contributions,
  };
}

/** Leased → Leased, lost unless the peer returns in time; Reserved → Open */
export function onDisconnected(task: Task, { peer }: On<"disconnected">, env: Env): TaskStep {
  const { now, config } = env;
  const reserved = reservationOf(task);
  if (reserved?.peer === peer) return release(task, reserved, env);
  const held = leaseOf(task);
  if (held?.peer !== peer || held.graceUntil !== undefined) return { task, effects: [] };
  return { task: withRunning(task, { ...held, graceUntil: now + config.graceMs }), effects: [] };
}

/** The lease goes on; a holder that was killed and started anew knows nothing of it, and says so when it is confirmed. */
export function onReconnected(task: Task, { peer }: On<"reconnected">, env: Env): TaskStep {
  const held = leaseOf(task);
  if (held?.peer !== peer || held.graceUntil === undefined) return { task, effects: [] };
  const next = connected(held);
  const terms = termsOf(task, recordOf(task, held.epoch) as LeaseRecord, next, env);
  return { task: withRunning(task, next), effects: [{ kind: "confirmLease", ...terms }] };
}

/** Leased → Open when time is up */
export function expireLease(task: Task, env: Env): TaskStep {
  const held = leaseOf(task);
  const reason = held && whyLost(held, env.now);
  return held && reason ? loseOrExcuse(task, held, reason, env) : { task, effects: [] };
}

/** What a worker gives back or does not finish while what it was to work on may be bad is nobody's fault, and no attempt. */
function loseOrExcuse(task: Task, held: Leased, reason: BlameReason, env: Env): TaskStep {
  if (task.kind === "prove" || env.isSound(task)) return lose(task, held, reason, env);
  const { task: open, effects } = takeBack(task, held, "superseded", env);
  return { task: { ...open, attempts: task.attempts }, effects };
}

/** Leased, Reserved → Open when the holder was caught cheating elsewhere in the job */
export function dropBanned(task: Task, env: Env): TaskStep {
  const reserved = reservationOf(task);
  if (reserved && env.banned.includes(reserved.peer)) return release(task, reserved, env);
  const held = leaseOf(task);
  if (held === undefined || !env.banned.includes(held.peer)) return { task, effects: [] };
  return takeBack(task, held, "superseded", env);
}

/** Open → Failed after too many attempts */
export function giveUp(task: Task, { config }: Env): Task {
  if (task.state.kind !== "Open" || task.attempts <= config.maxAttempts) return task;
  return { ...task, state: { kind: "Failed", reason: "TOO_MANY_ATTEMPTS" } };
}

/** A new term: auctions of the former broker are void, leases go on with their time begun anew. */
export function onNewTerm(task: Task, env: Env): TaskStep {
  const running = runningOf(task);
  if (running?.kind === "Reserved") return release(task, running, env);
  if (running?.kind === "Auctioned") {
    const open = withRunning(task, { kind: "Open" });
    return { task: { ...open, epoch: nextEpoch(task.epoch, env.term) }, effects: [] };
  }
  if (running?.kind === "Open") {
    // the former broker may not know that it is deposed, and sell it too: never under the same epoch
    return { task: { ...task, epoch: nextEpoch(task.epoch, env.term) }, effects: [] };
  }
  if (running?.kind !== "Leased") return { task, effects: [] };
  const next = excuse(task, running, env.config, env.now, env.deadline);
  const { epoch, peer, deadline } = next;
  const terms = termsOf(task, recordOf(task, epoch) as LeaseRecord, next, env);
  return {
    task: withRunning(task, next),
    effects: [
      { kind: "confirmLease", ...terms },
      { kind: "renewLease", task: task.id, epoch, peer, deadline },
    ],
  };
}
