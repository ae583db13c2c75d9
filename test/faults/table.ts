// The campaign's table: what was done to whom, and what came of it.
import { FAULTED_ROLES, FAULT_KINDS, type FaultKind, type FaultedRole } from "./schedule.ts";
import type { RunRecord } from "./records.ts";
import { recoveryOf, redoneBy, stintsOf, workAt } from "./work.ts";

/** A fault that was done. */
export interface Deed {
  readonly kind: FaultKind;
  readonly role: FaultedRole;
  /** it hit a process that worked on the job */
  readonly inWork: boolean;
  /** the job ended with the right proof */
  readonly survived: boolean;
  readonly redoneLeaves: number;
  readonly recoveryMs: number | undefined;
}

export function deedsOf(record: RunRecord): readonly Deed[] {
  const stints = stintsOf(record.lines);
  return record.struck.flatMap((struck) => {
    const { fault, hit } = struck;
    if (hit === undefined) return [];
    const { report, job } = record.jobs[struck.job]!;
    return [
      {
        kind: fault.kind,
        role: fault.role,
        inWork: fault.role === "broker" || fault.role === "dapp" || workAt(stints, hit).length > 0,
        survived: report?.ok === true,
        redoneLeaves: redoneBy(stints, hit).reduce((total, { leaves }) => total + leaves.length, 0),
        recoveryMs: recoveryOf(record.lines, stints, struck, job),
      },
    ];
  });
}

const HEAD = [
  "fault",
  "role",
  "done",
  "in work",
  "survived",
  "redone leaves",
  "recovery p50",
  "p99",
];

/** Markdown. */
export function tableOf(deeds: readonly Deed[]): string {
  const rows = FAULT_KINDS.flatMap((kind) =>
    FAULTED_ROLES.flatMap((role) => {
      const of = deeds.filter((deed) => deed.kind === kind && deed.role === role);
      return of.length === 0 ? [] : [rowOf(kind, role, of)];
    }),
  );
  const all = [...rows, rowOf("all", "", deeds)];
  const widths = HEAD.map((title, i) =>
    Math.max(title.length, ...all.map((row) => row[i]!.length)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" | ")} |`;
  const rule = `| ${widths.map((n, i) => (i < 2 ? "-".repeat(n) : `${"-".repeat(n - 1)}:`)).join(" | ")} |`;
  return [line(HEAD), rule, ...all.map(line)].join("\n");
}

function rowOf(kind: string, role: string, deeds: readonly Deed[]): readonly string[] {
  const times = deeds.flatMap(({ recoveryMs }) => recoveryMs ?? []).toSorted((a, b) => a - b);
  const count = (is: (deed: Deed) => boolean): string => String(deeds.filter(is).length);
  return [
    kind,
    role,
    String(deeds.length),
    count(({ inWork }) => inWork),
    count(({ survived }) => survived),
    String(deeds.reduce((total, { redoneLeaves }) => total + redoneLeaves, 0)),
    seconds(quantile(times, 0.5)),
    seconds(quantile(times, 0.99)),
  ];
}

/** Of sorted numbers; the nearest rank. */
export const quantile = (sorted: readonly number[], q: number): number | undefined =>
  sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];

const seconds = (ms: number | undefined): string =>
  ms === undefined ? "–" : `${(ms / 1000).toFixed(1)} s`;
