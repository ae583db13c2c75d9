import type { Time } from "@foldmesh/protocol";
import { onCheckpointJudged, onCheckpointLost, onDisputed } from "./checkpoints.ts";
import { advance, ends } from "./advance.ts";
import { askAgain, onDelivered, onFetched, onJudged, withoutFetched } from "./delivering.ts";
import type { Ignored, JobEffect, JobEvent } from "./events.ts";
import { nextSale } from "./forecast.ts";
import type { JobInit, JobState, JobStep } from "./job-state.ts";
import {
  expireLease,
  onAwarded,
  onCheckpointed,
  onDisconnected,
  onNewTerm,
  onProgress,
  onReconnected,
  onRefused,
  onUnsold,
} from "./leasing.ts";
import { convict, dropAbove } from "./convict.ts";
import type { Env, TaskStep } from "./running.ts";
import { recordOf } from "./lease.ts";
import { blame, leaseOf, reservationOf } from "./running.ts";
import type { Task } from "./task-state.ts";
import { mapTasks, withTask } from "./tasks.ts";
import { tasksOf } from "./create.ts";

/** Begins a job: the shards whose first state is known go to auction at once. */
export function createJob(init: JobInit, now: Time): JobStep {
  const leaves = init.shards.at(-1)?.end ?? 0;
  const done = init.executing === true ? 0 : leaves;
  const execution = { begun: now, done, at: now };
  const tasks = tasksOf(init);
  const phase = { kind: "Running" } as const;
  return advance({ init, phase, term: 0, execution, tasks, banned: [] }, [], now);
}

/**
 * One event. Pure and total: events that make no sense change nothing but give an `ignored` effect, and the same events at the same times
 * give the same state. Past the deadline every event fails the job.
 */
export function step(state: JobState, event: JobEvent, now: Time): JobStep {
  if (state.phase.kind !== "Running") return afterEnd(state, event);
  if (now >= state.init.deadline) {
    return ends(state, { kind: "Failed", reason: "DEADLINE" }, overdue(state, now));
  }
  if (event.kind === "cancelled") return ends(state, { kind: "Failed", reason: "CANCELLED" }, []);
  const { state: next, effects } = handle(state, event, now);
  return advance(next, effects, now);
}

/** Of a job that is over it is only settled who pays for it. */
function afterEnd(state: JobState, event: JobEvent): JobStep {
  if (event.kind === "settling" && state.payer === undefined)
    return { state: { ...state, payer: event.payer }, effects: [] };
  return { state, effects: event.kind === "tick" ? [] : [ignoring(event, "JOB_OVER")] };
}

const ignoring = ({ kind }: JobEvent, reason: Ignored): JobEffect => ({
  kind: "ignored",
  event: kind,
  reason,
});

/** The state after a log of events, each with the time at which it was stepped. */
export function replay(init: JobInit, begun: Time, log: readonly LogEntry[]): JobState {
  return log.reduce(
    (state, { event, at }) => step(state, event, at).state,
    createJob(init, begun).state,
  );
}

export interface LogEntry {
  readonly at: Time;
  readonly event: JobEvent;
}

/** Who promised to be through by now and is not has cost the job its time. */
function overdue({ tasks }: JobState, now: Time): readonly JobEffect[] {
  return tasks.flatMap((task) => {
    const held = leaseOf(task);
    const record = held && recordOf(task, held.epoch);
    const isLate = record !== undefined && record.granted + record.promisedMs <= now;
    return isLate ? [blame(task, record, "EXPIRED")] : [];
  });
}

/** When a tick will next change something; undefined when the job is over. */
export function jobWake(state: JobState): Time | undefined {
  if (state.phase.kind !== "Running") return undefined;
  const { deadline } = state.init;
  return Math.min(deadline, nextSale(state) ?? deadline, ...state.tasks.flatMap(wakesOf));
}

function wakesOf(task: Task): readonly Time[] {
  const lease = leaseOf(task);
  const lost = lease ? [lease.deadline, lease.graceUntil ?? lease.deadline] : [];
  const lapsed = reservationOf(task)?.until ?? [];
  const verified = task.state.kind === "Delivered" ? task.state.verifyBy : [];
  return [lost, lapsed, verified].flat();
}

function handle(
  state: JobState,
  event: Exclude<JobEvent, { kind: "cancelled" }>,
  now: Time,
): JobStep {
  switch (event.kind) {
    case "tick":
      return mapTasks(state, now, onTick);
    case "executed":
      return { state: executedUpTo(state, event.done, now), effects: [] };
    case "disconnected":
      return mapTasks(state, now, (task, env) => onDisconnected(task, event, env));
    case "reconnected":
      return mapTasks(state, now, (task, env) => onReconnected(task, event, env));
    case "takenOver":
      return onTakenOver(state, event, now);
    case "settling":
      return { state, effects: [ignoring(event, "JOB_RUNNING")] };
    case "judged":
      return event.valid || !isConvicting(state, event)
        ? onVerdict(state, event, now)
        : convict(state, event, now);
    default:
      return withTask(state, event, now, onTaskEvent);
  }
}

function onVerdict(
  state: JobState,
  event: Extract<JobEvent, { kind: "judged" }>,
  now: Time,
): JobStep {
  const judged = withTask(state, event, now, onJudged);
  if (event.valid || judged.state === state) return judged;
  const dropped = dropAbove(judged.state, event.task, now);
  return { state: dropped.state, effects: [...judged.effects, ...dropped.effects] };
}

/** What is executed again, after a restart, is known already. */
function executedUpTo(state: JobState, done: number, at: Time): JobState {
  if (done <= state.execution.done) return state;
  return { ...state, execution: { ...state.execution, done, at } };
}

/** A bad root is always some task's below; a bad node may be. */
function isConvicting(
  state: JobState,
  { task, culprit }: { task: string; culprit?: string },
): boolean {
  return (
    culprit !== undefined || state.tasks.some(({ id, kind }) => id === task && kind === "verify")
  );
}

type TaskEvent = Exclude<
  JobEvent,
  {
    kind:
      | "tick"
      | "executed"
      | "disconnected"
      | "reconnected"
      | "takenOver"
      | "judged"
      | "cancelled"
      | "settling";
  }
>;

function onTaskEvent(task: Task, event: TaskEvent, env: Env): TaskStep {
  switch (event.kind) {
    case "awarded":
      return onAwarded(task, event, env);
    case "unsold":
      return onUnsold(task, event);
    case "refused":
      return onRefused(task, event, env);
    case "progress":
      return onProgress(task, event, env);
    case "checkpointed":
      return onCheckpointed(task, event, env);
    case "disputed":
      return onDisputed(task, event);
    case "checkpointJudged":
      return onCheckpointJudged(task, event, env);
    case "checkpointLost":
      return onCheckpointLost(task, event, env);
    case "delivered":
      return onDelivered(task, event, env);
    case "fetched":
      return onFetched(task, event);
  }
}

function onTick(task: Task, env: Env): TaskStep {
  const { task: next, effects } = expireLease(task, env);
  if (next.state.kind !== "Delivered" || env.now < next.state.verifyBy)
    return { task: next, effects };
  const asked = askAgain(next, env);
  return { task: asked.task, effects: [...effects, ...asked.effects] };
}

/** Terms only rise; a restarted broker takes a new one as a standby would. */
function onTakenOver(
  state: JobState,
  event: Extract<JobEvent, { kind: "takenOver" }>,
  now: Time,
): JobStep {
  const { term } = event;
  if (term <= state.term) return { state, effects: [ignoring(event, "STALE_EPOCH")] };
  return mapTasks({ ...state, term }, now, (task, env) => {
    const begun = onNewTerm(withoutFetched(task), env);
    const asked = askAgain(begun.task, env);
    return { task: asked.task, effects: [...begun.effects, ...asked.effects] };
  });
}
