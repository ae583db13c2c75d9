// What is known of a running job: a pure fold over the prover's events.
import type { Plan, ProverEvent } from "@foldmesh/prover";
import { printable } from "../io/terminal.ts";

export interface Progress {
  readonly done: number;
  readonly total: number;
}

export type SetupPhase = Extract<ProverEvent, { type: "setup" }>["phase"];

export interface JobView {
  readonly plan: Plan | null;
  readonly setup: Readonly<Partial<Record<SetupPhase, Progress>>>;
  /** Steps whose witness is computed. */
  readonly execute: Progress | null;
  readonly leaves: number;
  readonly merges: number;
  /** Milliseconds of all leaves and all merges, over all workers. */
  readonly leafMs: number;
  readonly mergeMs: number;
  /** Milliseconds of what follows the tree. */
  readonly finished: Readonly<Partial<Record<"verify" | "compress", number>>>;
}

export const emptyView: JobView = {
  plan: null,
  setup: {},
  execute: null,
  leaves: 0,
  merges: 0,
  leafMs: 0,
  mergeMs: 0,
  finished: {},
};

export function advance(view: JobView, event: ProverEvent): JobView {
  switch (event.type) {
    case "plan":
      return { ...view, plan: event.plan };
    case "setup":
      return { ...view, setup: { ...view.setup, [event.phase]: progressOf(event) } };
    case "execute":
      return { ...view, execute: progressOf(event) };
    case "log":
      return view;
    case "leaf":
      return { ...view, leaves: view.leaves + 1, leafMs: view.leafMs + event.ms };
    case "merge":
      return { ...view, merges: view.merges + 1, mergeMs: view.mergeMs + event.ms };
    case "verify":
    case "compress":
      return { ...view, finished: { ...view.finished, [event.type]: event.ms } };
  }
}

/** "step 3: x is 7", without control characters. */
export const logLine = ({ step, line }: Extract<ProverEvent, { type: "log" }>): string =>
  printable(`step ${step}: ${line}`);

const progressOf = ({ done, total }: Progress): Progress => ({ done, total });

const SETUP_WORDS: Readonly<Record<SetupPhase, string>> = {
  circuit: "circuit",
  key: "commitment key",
  workers: "workers",
};

/** The bars to draw, in the order of a job's life. */
export function barsOf(view: JobView): { readonly name: string; readonly progress: Progress }[] {
  const setup = Object.entries(view.setup) as [SetupPhase, Progress][];
  const bars = setup.map(([phase, progress]) => ({ name: SETUP_WORDS[phase], progress }));
  if (view.execute !== null) bars.push({ name: "witnesses", progress: view.execute });
  if (view.plan !== null) {
    const { leaves } = view.plan;
    bars.push({ name: "leaves", progress: { done: view.leaves, total: leaves } });
    bars.push({ name: "merges", progress: { done: view.merges, total: leaves - 1 } });
  }
  return bars.filter(({ progress }) => progress.total > 0);
}
