import type { Time } from "@foldmesh/protocol";
import { paymentsFor } from "./contributions.ts";
import { askAgain, examine } from "./delivering.ts";
import type { JobEffect, JobLot } from "./events.ts";
import type { JobPhase, JobState, JobStep } from "./job-state.ts";
import { NEVER, createForecast, sellAt } from "./forecast.ts";
import { auction, begin, dropBanned, giveUp } from "./leasing.ts";
import type { Env, TaskStep } from "./running.ts";
import { release, reservationOf, stopRunning } from "./running.ts";
import type { Candidate, Task, Verified } from "./task-state.ts";
import { envOf, mapTasks } from "./tasks.ts";

/** Lots of one auction; market allows 512. */
const LOTS_PER_AUCTION = 128;

/** After every event: takes leases from the banned, gives up on what failed too often, ends the job if it is over, sends what is ready to auction or to verification. */
export function advance(before: JobState, effects: readonly JobEffect[], now: Time): JobStep {
  const { state, effects: dropped } = mapTasks(before, now, (task, env) => {
    const kept = dropBanned(task, env);
    return { ...kept, task: giveUp(kept.task, env) };
  });
  const so = [...effects, ...dropped];
  const end = endOf(state);
  if (end !== undefined) return ends(state, end, so);
  const ready = start(state, now);
  return { state: ready.state, effects: [...so, ...ready.effects] };
}

function endOf({ tasks }: JobState): JobPhase | undefined {
  const { state: last } = tasks.at(-1) as Task;
  if (last.kind === "Verified") return { kind: "Done", root: last.node, bytes: last.bytes };
  for (const { id, state } of tasks) {
    if (state.kind === "Failed") return { kind: "Failed", reason: state.reason, task: id };
  }
  return undefined;
}

/** Ends the job: stops what runs, and pays for every verified node, whether or not the rest came together. */
export function ends(state: JobState, phase: JobPhase, effects: readonly JobEffect[]): JobStep {
  const stops = state.tasks.flatMap((task) =>
    stopRunning(task, phase.kind === "Done" ? "settled" : "cancelled"),
  );
  const over = { ...state, phase };
  return { state: over, effects: [...effects, ...stops, ...settlement(over)] };
}

/**
 * What the end of a job leaves to be done: every verified node is paid for, then the last word. Nothing before it is over.
 * A broker that was killed in between does all of it again: paying knows what it has paid.
 */
export function settlement({ tasks, phase }: JobState): readonly JobEffect[] {
  if (phase.kind === "Running") return [];
  const payments = tasks.flatMap((task) =>
    task.state.kind === "Verified" ? paymentsFor(task, task.state) : [],
  );
  return [...payments, lastWord(phase)];
}

function lastWord(phase: Exclude<JobPhase, { kind: "Running" }>): JobEffect {
  if (phase.kind === "Done") return { kind: "jobDone", root: phase.root, bytes: phase.bytes };
  const { reason, task } = phase;
  return { kind: "jobFailed", reason, ...(task !== undefined && { task }) };
}

/**
 * Open tasks that can begin now or soon: one auction for all. Those sold ahead begin when all is there. And the broker's own
 * verification of the root.
 */
function start(state: JobState, now: Time): JobStep {
  const lots: JobLot[] = [];
  const effects: JobEffect[] = [];
  const env = envOf(state, now);
  const forecast = createForecast(state.execution);
  const tasks = state.tasks.map((task) => {
    const ready = forecast.startOf(task);
    const step = task.kind === "verify" ? examineRoot(state, task, env) : settle(task, ready, env);
    effects.push(...step.effects);
    const next = isForSale(step.task, ready, env) ? sell(step.task, env, lots) : step.task;
    forecast.note(next, ready);
    return next;
  });
  return { state: { ...state, tasks }, effects: [...effects, ...announcements(lots, state)] };
}

function examineRoot(state: JobState, task: Task, env: Env): TaskStep {
  if (task.state.kind !== "Open" || !env.isReady(task)) return { task, effects: [] };
  return examine(task, rootCandidate(state, task, env.now), [], { kind: "Open" }, env);
}

/** Reserved → Leased when all is there, → Open when it cannot be foreseen any more or was not in time; what waited for a verdict gets its own. */
function settle(task: Task, ready: Time, env: Env): TaskStep {
  if (task.state.kind === "Delivered" && task.state.attempt === 0 && env.isSound(task))
    return askAgain(task, env);
  const reserved = reservationOf(task);
  if (reserved === undefined) return { task, effects: [] };
  if (env.isReady(task)) return begin(task, reserved, env);
  const lapsed = ready === NEVER || env.now >= reserved.until;
  return lapsed ? release(task, reserved, env) : { task, effects: [] };
}

const isForSale = ({ kind, state }: Task, ready: Time, { now, config }: Env): boolean =>
  kind !== "verify" && state.kind === "Open" && sellAt(ready, config.aheadMs) <= now;

function sell(task: Task, env: Env, lots: JobLot[]): Task {
  const { task: auctioned, lot } = auction(task, env);
  lots.push(lot);
  return auctioned;
}

/** The node to verify last, as if the broker delivered it. @param verify its inputs are verified */
function rootCandidate({ init, tasks }: JobState, { epoch, inputs }: Task, at: Time): Candidate {
  const root = tasks.find(({ id }) => id === inputs[0])?.state as Verified;
  return { epoch, peer: init.broker, node: root.node, bytes: root.bytes, at };
}

function announcements(lots: readonly JobLot[], { banned }: JobState): readonly JobEffect[] {
  return Array.from({ length: Math.ceil(lots.length / LOTS_PER_AUCTION) }, (_, i) => ({
    kind: "announceAuction",
    lots: lots.slice(i * LOTS_PER_AUCTION, (i + 1) * LOTS_PER_AUCTION),
    exclude: banned,
  }));
}
