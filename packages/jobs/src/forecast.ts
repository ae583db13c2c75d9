// When tasks can begin and will be done, as far as can be told: what is sold ahead of its inputs, and when.

import type { Time } from "@foldmesh/protocol";
import type { JobState } from "./job-state.ts";
import type { Task } from "./task-state.ts";

/** Nothing is being waited for. */
export const NOW: Time = -Infinity;
/** Nobody is at it. */
export const NEVER: Time = Infinity;

/** Takes the tasks of one job in the order of the tree: inputs before what takes them. */
export interface Forecast {
  /** When everything that a task takes will be there; NEVER as long as something below it is not under way. */
  startOf(task: Task): Time;
  /** How a task stands now, for those that take its node. @param ready its `startOf` */
  note(task: Task, ready: Time): void;
}

export function createForecast({ begun, done, at }: JobState["execution"]): Forecast {
  const ends = new Map<string, Time>();
  const executed = (leaf: number): Time => {
    if (done >= leaf) return NOW;
    return done === 0 ? NEVER : Math.ceil(at + ((at - begun) * (leaf - done)) / done);
  };
  return {
    startOf: ({ kind, range, inputs }) =>
      kind === "prove"
        ? executed(range.start)
        : Math.max(NOW, ...inputs.map((id) => ends.get(id) ?? NEVER)),
    note: (task, ready) => void ends.set(task.id, endOf(task, ready)),
  };
}

/** When there will be a node of a task; it is as good as there while it is being verified. */
function endOf({ state }: Task, ready: Time): Time {
  switch (state.kind) {
    case "Verified":
      return NOW;
    case "Delivered":
      return state.candidate.at;
    case "Leased":
      return state.expected;
    case "Reserved":
      return Math.max(ready, state.granted) + state.duration;
    default:
      return NEVER;
  }
}

/** When an open task is to be sold; NEVER if that cannot be told yet. */
export function sellAt(ready: Time, aheadMs: number): Time {
  if (ready === NOW) return NOW;
  return aheadMs === 0 ? NEVER : ready - aheadMs;
}

/** The next time at which an open task is to be sold; undefined if none is in sight. */
export function nextSale(state: JobState): Time | undefined {
  const forecast = createForecast(state.execution);
  const times = state.tasks.flatMap((task) => {
    const ready = forecast.startOf(task);
    forecast.note(task, ready);
    const at = sellAt(ready, state.init.config.aheadMs);
    const isOpen = task.state.kind === "Open" && task.kind !== "verify";
    return isOpen && Number.isFinite(at) ? [at] : [];
  });
  return times.length === 0 ? undefined : Math.min(...times);
}
