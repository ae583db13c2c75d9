import type { ProverEvent } from "@foldmesh/prover";
import { count, duration } from "../io/terminal.ts";
import { type JobView, type SetupPhase, advance, emptyView, logLine } from "./job-view.ts";
import type { JobProgress } from "./progress.ts";

/** Counts that grow are told at most this often. */
const TELL_EVERY_MS = 2000;

const SETUP_SENTENCES: Readonly<Record<SetupPhase, string>> = {
  circuit: "making the circuit",
  key: "deriving the commitment key, once for this cache",
  workers: "starting workers",
};

/** One line of text for what matters: every phase, and every leaf and merge or (without `each`) their counts. */
export function plainProgress(
  write: (line: string) => void,
  each: boolean,
  now: () => number,
): JobProgress {
  let view = emptyView;
  const told = new Map<string, number>();
  const due = (key: string): boolean => {
    const last = told.get(key);
    if (last !== undefined && now() - last < TELL_EVERY_MS) return false;
    told.set(key, now());
    return true;
  };
  return {
    onEvent: (event) => {
      view = advance(view, event);
      const line = lineOf(view, event, each);
      if (line !== null && (line.always || due(line.key))) write(line.text);
    },
    stop: () => {},
  };
}

interface Line {
  readonly text: string;
  readonly always: boolean;
  /** Lines of one key are told at most every two seconds, unless `always`. */
  readonly key: string;
}

function lineOf(view: JobView, event: ProverEvent, each: boolean): Line | null {
  switch (event.type) {
    case "plan": {
      const { leaves, shards, stepsPerLeaf, logRows } = event.plan;
      const cut = `${count(leaves, "leaf", "leaves")} of ${count(stepsPerLeaf, "step")}`;
      const text = `plan: ${cut} in ${count(shards.length, "shard")}, 2^${logRows} rows each`;
      return { text, always: true, key: "plan" };
    }
    case "setup":
      return setupLine(event);
    case "execute":
      return progressLine("execute", "witnesses", event);
    case "log":
      return { text: logLine(event), always: true, key: "log" };
    case "leaf":
      return each ? nodeLine(`leaf ${event.leaf} (shard ${event.shard})`, event.ms) : tally(view);
    case "merge":
      return each ? nodeLine(mergeName(event), event.ms) : tally(view);
    case "verify":
      return nodeLine("root verified", event.ms);
    case "compress":
      return nodeLine("root compressed", event.ms);
  }
}

type SetupEvent = Extract<ProverEvent, { type: "setup" }>;
type MergeEvent = Extract<ProverEvent, { type: "merge" }>;

/** Nothing is said of a phase that is over as soon as it is heard of. */
function setupLine({ phase, done, total }: SetupEvent): Line | null {
  if (done >= total) return null;
  const percent = Math.floor((100 * done) / total);
  return { text: `${SETUP_SENTENCES[phase]}: ${percent} %`, always: false, key: phase };
}

const progressLine = (key: string, name: string, at: { done: number; total: number }): Line => ({
  text: `${name}: ${at.done} of ${at.total}`,
  always: at.done === at.total,
  key,
});

const nodeLine = (name: string, ms: number): Line => ({
  text: `${name}: ${duration(ms)}`,
  always: true,
  key: "node",
});

function mergeName({ range, shard }: MergeEvent): string {
  const where = shard === null ? "above the shards" : `shard ${shard}`;
  return `merge [${range.start}, ${range.end}) (${where})`;
}

function tally({ plan, leaves, merges }: JobView): Line {
  const total = plan?.leaves ?? 0;
  const text = `proved: ${leaves} of ${total} leaves, ${merges} of ${total - 1} merges`;
  return { text, always: merges === total - 1, key: "tally" };
}
