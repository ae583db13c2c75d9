// Who worked on what, read from the logs: pure.
import type { Hit, Line, Struck } from "./records.ts";
import type { FaultedRole } from "./schedule.ts";

/** One process's work on one lease. */
export interface Stint {
  readonly job: string;
  readonly task: string;
  readonly epoch: number;
  readonly work: string;
  readonly name: string;
  readonly life: number;
  readonly begun: number;
  /** when it was delivered, stopped or given back; undefined for work that was cut short */
  readonly ended: number | undefined;
  readonly delivered: boolean;
  /** proved leaves by the index after them, with the time of each */
  readonly leaves: readonly Leaf[];
}

export interface Leaf {
  readonly done: number;
  readonly at: number;
}

const ENDS: readonly string[] = ["work-delivered", "work-stopped", "work-failed"];

const keyOf = ({ name, life, fields: { job, task, epoch } }: Line): string =>
  [name, life, job, task, epoch].join(" ");

export function stintsOf(lines: readonly Line[]): readonly Stint[] {
  const byWork = Map.groupBy(
    lines.filter(
      ({ event }) => event === "work-started" || event === "work-progress" || ENDS.includes(event),
    ),
    keyOf,
  );
  return [...byWork.values()].flatMap((told) => {
    const started = told.find(({ event }) => event === "work-started");
    if (started === undefined) return [];
    const end = told.find(({ event }) => ENDS.includes(event));
    const { name, life, at, fields } = started;
    return [
      {
        job: String(fields["job"]),
        task: String(fields["task"]),
        epoch: Number(fields["epoch"]),
        work: String(fields["work"]),
        name,
        life,
        begun: at,
        ended: end?.at,
        delivered: end?.event === "work-delivered",
        leaves: told
          .filter(({ event }) => event === "work-progress")
          .map((line) => ({ done: Number(line.fields["done"]), at: line.at })),
      },
    ];
  });
}

/** Leaves, or whole merges and compressions, that were done before a fault and had to be done again because of it. */
export interface Redone {
  readonly stint: Stint;
  readonly leaves: readonly Leaf[];
}

/** What lines of a process may come after it was hit: they were in the pipe. */
const PIPE_MS = 100;

/** Work that a process was at when it was hit. */
export const workAt = (stints: readonly Stint[], { name, at }: Hit): readonly Stint[] =>
  stints.filter(
    (stint) => stint.name === name && stint.begun <= at && (stint.ended ?? Infinity) > at,
  );

export function redoneBy(stints: readonly Stint[], hit: Hit): readonly Redone[] {
  return workAt(stints, hit).flatMap((stint) => {
    const later = stints.filter(
      ({ job, task, epoch }) => job === stint.job && task === stint.task && epoch > stint.epoch,
    );
    const again = new Set(later.flatMap(({ leaves }) => leaves.map(({ done }) => done)));
    const before = stint.leaves.filter(({ at }) => at <= hit.at + PIPE_MS);
    const leaves = before.filter(({ done }) => again.has(done));
    return leaves.length === 0 ? [] : [{ stint, leaves }];
  });
}

/**
 * From a fault to the next progress of what it hit, ms: of a worker's tasks, of a broker's job, of what a dApp hears.
 * Undefined when it hit nobody at work, or nothing followed.
 */
export function recoveryOf(
  lines: readonly Line[],
  stints: readonly Stint[],
  { hit, fault }: Struck,
  job: string | undefined,
): number | undefined {
  if (hit === undefined || job === undefined) return undefined;
  const isDead = fault.kind.startsWith("kill");
  const life = isDead ? lifeAt(lines, hit) : 0;
  const isAfter = ({ name, at, life: of }: Line): boolean => {
    if (name !== hit.name) return at >= hit.at;
    return isDead ? at >= hit.at && of > life : at > hit.at + PIPE_MS;
  };
  const isProgress = progressOf(fault.role, job, workAt(stints, hit));
  const next = lines.find((line) => isAfter(line) && isProgress(line));
  return next === undefined ? undefined : next.at - hit.at;
}

function progressOf(
  role: FaultedRole,
  job: string,
  affected: readonly Stint[],
): (line: Line) => boolean {
  if (role === "dapp") {
    return ({ event, fields }) =>
      event === "dapp-said" && /^(?!broker|quote)\w+: |^…/.test(String(fields["said"]));
  }
  if (role === "broker") {
    return ({ event, fields }) =>
      event.startsWith("job-") && event !== "job-followed" && fields["job"] === job;
  }
  const tasks = new Set(affected.map(({ task }) => task));
  return ({ event, fields }) =>
    (event === "work-progress" || event === "work-delivered") &&
    fields["job"] === job &&
    tasks.has(String(fields["task"]));
}

const lifeAt = (lines: readonly Line[], { name, at }: Hit): number =>
  Math.max(
    0,
    ...lines.filter((line) => line.name === name && line.at <= at).map(({ life }) => life),
  );
