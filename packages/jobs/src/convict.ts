import type { Time } from "@foldmesh/protocol";
import { makerOf, undo } from "./delivering.ts";
import type { JobEffect, JobEvent } from "./events.ts";
import type { JobState, JobStep } from "./job-state.ts";
import { blame } from "./running.ts";
import type { Task } from "./task-state.ts";
import { mapTasks, withTask } from "./tasks.ts";

type Judged = Extract<JobEvent, { kind: "judged" }>;

/**
 * A node is bad because one below it is: that one's maker is to blame, and it and everything made of it is done again. Of a bad root
 * without a named culprit, it is whoever made the root. Nothing has been paid yet: payments wait for the job's end.
 */
export function convict(state: JobState, event: Judged, now: Time): JobStep {
  const judged = state.tasks.find(({ id }) => id === event.task);
  const culprit = state.tasks.find(({ id }) => id === (event.culprit ?? judged?.inputs[0]));
  if (!judged || !culprit || !isCandidate(judged, event) || !isUnder(state, culprit.id, judged)) {
    return withTask(state, event, now, (task) => ({
      task,
      effects: [{ kind: "ignored", event: event.kind, task: event.task, reason: "STALE_EPOCH" }],
    }));
  }
  const undone = mapTasks(state, now, (task, env) => {
    if (task.id !== culprit.id) return { task, effects: [] };
    const { task: next, effects } = undo(task, false, env);
    return { task: next, effects: [...effects, ...blameFor(task)] };
  });
  const dropped = dropAbove(undone.state, culprit.id, now);
  return { state: dropped.state, effects: [...undone.effects, ...dropped.effects] };
}

/** What was made of a task's node, or is being made of it, is done again; for that nobody is to blame. */
export function dropAbove(state: JobState, bad: string, now: Time): JobStep {
  return mapTasks(state, now, (task, env) => {
    const begun = task.state.kind !== "Open" || task.leases.length > 0;
    return begun && isUnder(state, bad, task) ? undo(task, true, env) : { task, effects: [] };
  });
}

function blameFor(culprit: Task): readonly JobEffect[] {
  const maker = makerOf(culprit);
  return maker ? [blame(culprit, maker, "INVALID_NODE")] : [];
}

function isCandidate({ state }: Task, { epoch, node }: Judged): boolean {
  return (
    state.kind === "Delivered" && state.candidate.epoch === epoch && state.candidate.node === node
  );
}

/** Whether `task` takes the node of `below`, directly or not. */
function isUnder(state: JobState, below: string, task: Task): boolean {
  return task.inputs.some((id) => {
    const input = state.tasks.find((each) => each.id === id);
    return input !== undefined && (id === below || isUnder(state, below, input));
  });
}
