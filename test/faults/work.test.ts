// Who was at what when it was hit, what had to be done again, and how long nothing went on.
import { describe, expect, it } from "vitest";
import type { Line, Struck } from "./records.ts";
import type { FaultKind, FaultedRole } from "./schedule.ts";
import { recoveryOf, redoneBy, stintsOf } from "./work.ts";

const JOB = "job-cid";
const line = (at: number, name: string, event: string, fields: object = {}, life = 0): Line => ({
  at,
  name,
  life,
  event,
  fields: { job: JOB, task: "prove:0", epoch: 0, ...fields },
});

const hitBy = (kind: FaultKind, role: FaultedRole, name: string, at: number): Struck => ({
  fault: { kind, role, moment: { on: "leaf", nth: 1, plusMs: 0 }, forMs: 0, pick: 0, skewMs: 0 },
  job: 0,
  hit: { name, at, healedAt: at },
});

const LINES = [
  line(0, "a", "work-started", { work: "prove" }),
  line(1_000, "a", "work-progress", { done: 1 }),
  line(2_000, "a", "work-progress", { done: 2 }),
  line(2_510, "a", "work-progress", { done: 3 }), // was in the pipe when its process was killed
  line(6_000, "b", "work-started", { work: "prove", epoch: 1 }),
  line(7_000, "b", "work-progress", { done: 3, epoch: 1 }),
  line(7_500, "broker", "job-verified"),
  line(7_600, "broker", "job-leased", {}, 1),
  line(8_000, "dapp", "dapp-said", { said: "broker: …x" }, 1),
  line(8_500, "dapp", "dapp-said", { said: "…x works on shard [0, 4) for 3 µ" }, 1),
];

describe("work that is hit", () => {
  it("is done again from the last checkpoint, and nobody else's is", () => {
    const stints = stintsOf(LINES);
    const redone = (name: string): number[][] =>
      redoneBy(stints, { name, at: 2_500, healedAt: 2_500 }).map(({ leaves }) =>
        leaves.map(({ done }) => done),
      );
    expect(redone("a")).toEqual([[3]]);
    expect(redone("c")).toEqual([]);
  });

  it.each<[FaultKind, FaultedRole, string, number, number | undefined]>([
    ["kill", "prover", "a", 2_500, 4_500],
    ["freeze", "prover", "a", 1_500, 500],
    ["kill", "prover", "c", 2_500, undefined],
    ["kill-restart", "broker", "broker", 2_500, 5_100],
    ["freeze", "broker", "broker", 2_500, 5_000],
    ["kill-restart", "dapp", "dapp", 7_900, 600],
  ])("goes on: %s of a %s", (kind, role, name, at, recovery) => {
    const stints = stintsOf(LINES);
    expect(recoveryOf(LINES, stints, hitBy(kind, role, name, at), JOB)).toBe(recovery);
  });
});
