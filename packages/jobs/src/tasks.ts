import type { CIDText, PeerId, Time } from "@foldmesh/protocol";
import type { JobEffect, JobEvent } from "./events.ts";
import type { JobState, JobStep } from "./job-state.ts";
import type { Env, TaskStep } from "./running.ts";
import type { Task } from "./task-state.ts";

export function envOf(state: JobState, now: Time): Env {
  const { config, deadline } = state.init;
  const madeOf = (id: string): Task["state"] | undefined =>
    state.tasks.find((each) => each.id === id)?.state;
  const nodeOf = (id: string): CIDText | undefined => {
    const made = madeOf(id);
    if (made?.kind === "Delivered") return made.candidate.node;
    return made?.kind === "Verified" ? made.node : undefined;
  };
  const isSound = ({ inputs }: Task): boolean =>
    inputs.every((id) => madeOf(id)?.kind === "Verified");
  const isHere = (id: string): boolean => {
    const made = madeOf(id);
    if (made?.kind !== "Delivered") return made?.kind === "Verified";
    const { fetched, peer } = made.candidate;
    return fetched === true && !state.banned.includes(peer);
  };
  const isReady = (task: Task): boolean => {
    const { kind, range, inputs } = task;
    if (kind === "prove") return state.execution.done >= range.start;
    return kind === "verify" ? isSound(task) : inputs.every(isHere);
  };
  const { term, banned } = state;
  return { now, config, deadline, term, banned, nodeOf, isSound, isReady };
}

/** Runs a transition on the task that an event names. */
export function withTask<E extends JobEvent & { readonly task: string }>(
  state: JobState,
  event: E,
  now: Time,
  transition: (task: Task, event: E, env: Env) => TaskStep,
): JobStep {
  const at = state.tasks.findIndex(({ id }) => id === event.task);
  const task = state.tasks[at];
  if (task === undefined) {
    const effect: JobEffect = {
      kind: "ignored",
      event: event.kind,
      task: event.task,
      reason: "UNKNOWN_TASK",
    };
    return { state, effects: [effect] };
  }
  const { task: next, effects } = transition(task, event, envOf(state, now));
  return {
    state: withBans(
      next === task ? state : { ...state, tasks: state.tasks.with(at, next) },
      effects,
    ),
    effects,
  };
}

/** Runs a transition on every task, in order. */
export function mapTasks(
  state: JobState,
  now: Time,
  transition: (task: Task, env: Env) => TaskStep,
): JobStep {
  const effects: JobEffect[] = [];
  const env = envOf(state, now);
  const tasks = state.tasks.map((task) => {
    const result = transition(task, env);
    effects.push(...result.effects);
    return result.task;
  });
  return { state: withBans({ ...state, tasks }, effects), effects };
}

/** Who is blamed for cheating, not for weakness, gets no lease of this job any more. */
function withBans(state: JobState, effects: readonly JobEffect[]): JobState {
  const cheats = effects.flatMap((effect): PeerId[] => (isBan(effect) ? [effect.peer] : []));
  const fresh = cheats.filter(
    (peer, i) => !state.banned.includes(peer) && cheats.indexOf(peer) === i,
  );
  return fresh.length === 0 ? state : { ...state, banned: [...state.banned, ...fresh] };
}

const BANNED_FOR: readonly string[] = ["INVALID_NODE", "INVALID_CHECKPOINT", "FALSE_DISPUTE"];

function isBan(effect: JobEffect): effect is Extract<JobEffect, { kind: "blame" }> {
  return effect.kind === "blame" && BANNED_FOR.includes(effect.reason);
}
