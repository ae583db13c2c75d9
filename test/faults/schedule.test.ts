// The faults of a run: the same for the same seed, and such that a job can be finished.
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { CAPABILITIES } from "./capabilities.ts";
import { FAULT_KINDS, type JobPlan, makeSchedule } from "./schedule.ts";

const scheduleOf = (seed: number): readonly JobPlan[] =>
  makeSchedule({ seed, jobs: 4, faultsPerJob: 3, leaves: 12, killShare: 0.5, can: CAPABILITIES });

describe("a schedule", () => {
  it("is the same for the same seed, and another for another", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(scheduleOf(seed)).toEqual(scheduleOf(seed));
        expect(scheduleOf(seed)).not.toEqual(scheduleOf(seed ^ 1));
      }),
    );
  });

  it("does only what its roles can be asked to survive, and leaves one of each role", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        for (const { faults } of scheduleOf(seed)) {
          for (const { role, kind } of faults) {
            expect(CAPABILITIES.find((can) => can.role === role)?.kinds).toContain(kind);
          }
          const gone = faults.filter(({ kind }) => kind === "kill").map(({ role }) => role);
          expect(new Set(gone).size).toBe(gone.length);
          expect(gone).not.toEqual(expect.arrayContaining(["broker", "standby"]));
        }
      }),
    );
  });

  it("has faults of every kind, half of them kills, and two at once", () => {
    const faults = Array.from({ length: 50 }, (_, seed) => scheduleOf(seed)).flat();
    const all = faults.flatMap((plan) => plan.faults);
    expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
    const kills = all.filter(({ kind }) => kind.startsWith("kill")).length;
    expect(kills / all.length).toBeGreaterThan(0.35);
    const moments = faults.map((plan) => plan.faults.map(({ moment }) => JSON.stringify(moment)));
    expect(moments.some((each) => new Set(each).size < each.length)).toBe(true);
  });
});
