import { describe, expect, test } from "vitest";
import {
  standBy,
  type StandbyEffect,
  type StandbyState,
  standbyWake,
  stepStandby,
} from "../src/index.ts";

const init = { candidates: 3, leaseMs: 3000, staggerMs: 1000 };
const first = standBy({ ...init, rank: 1 }, true, 0).state;
const second = standBy({ ...init, rank: 2 }, true, 0).state;
const tick = { kind: "tick" } as const;

function termOf(effects: readonly StandbyEffect[]): number | undefined {
  return effects.find((effect) => effect.kind === "takeOver")?.term;
}

describe("a broker", () => {
  test("leads from the start and says so at every third of its lease", () => {
    const { state, effects } = standBy({ ...init, rank: 0 }, true, 0);
    expect(effects).toEqual([{ kind: "renew", term: 0, expires: 3000, entries: 0 }]);
    expect(standbyWake(state)).toBe(1000);
    expect(stepStandby(state, tick, 999).effects).toEqual([]);
    const grown = stepStandby(state, { kind: "logged", term: 0, entries: 7 }, 500).state;
    expect(stepStandby(grown, tick, 1000).effects).toEqual([
      { kind: "renew", term: 0, expires: 4000, entries: 7 },
    ]);
  });

  test("that restarts listens first, and takes a later term of its own if nobody leads", () => {
    const { state, effects } = standBy({ ...init, rank: 0 }, false, 10_000);
    expect(effects).toEqual([]);
    expect(termOf(stepStandby(state, tick, 13_000).effects)).toBe(3);
  });

  test("steps down when somebody leads a later term, and never for an older one", () => {
    const { state } = standBy({ ...init, rank: 0 }, true, 0);
    const down = stepStandby(state, { kind: "heard", term: 1, entries: 9 }, 500);
    expect(down.effects).toEqual([
      { kind: "stepDown", term: 1 },
      { kind: "fetchLog", term: 1, from: 0 },
    ]);
    expect(down.state.phase).toBe("Following");
    const deaf = stepStandby(down.state, { kind: "heard", term: 0, entries: 99 }, 600);
    expect(deaf).toEqual({ state: down.state, effects: [] });
  });
});

describe("a standby", () => {
  test("follows as long as it hears the leader, and fetches what it lacks", () => {
    const heard = stepStandby(first, { kind: "heard", term: 0, entries: 4 }, 2000);
    expect(heard.effects).toEqual([{ kind: "fetchLog", term: 0, from: 0 }]);
    const caughtUp = stepStandby(heard.state, { kind: "logged", term: 0, entries: 4 }, 2100).state;
    expect(stepStandby(caughtUp, { kind: "heard", term: 0, entries: 4 }, 2500).effects).toEqual([]);
    expect(standbyWake(caughtUp)).toBe(6000);
    expect(stepStandby(caughtUp, tick, 5999).effects).toEqual([]);
  });

  test("takes the whole log of a new leader, which may have forked from what is here, and nothing late of the old one", () => {
    const old = stepStandby(first, { kind: "logged", term: 0, entries: 9 }, 10).state;
    const heard = stepStandby(old, { kind: "heard", term: 2, entries: 5 }, 20);
    expect(heard.effects).toEqual([{ kind: "fetchLog", term: 2, from: 0 }]);
    const late = stepStandby(heard.state, { kind: "logged", term: 0, entries: 12 }, 30).state;
    expect(late).toMatchObject({ logTerm: 0, entries: 9 });
    const caughtUp = stepStandby(late, { kind: "logged", term: 2, entries: 5 }, 40).state;
    expect(stepStandby(caughtUp, { kind: "heard", term: 2, entries: 6 }, 50).effects).toEqual([
      { kind: "fetchLog", term: 2, from: 5 },
    ]);
  });

  test("takes over in the order of ranks, so that the second hears the first in time", () => {
    const lead = stepStandby(first, tick, 4000);
    expect(termOf(lead.effects)).toBe(1);
    expect(stepStandby(second, tick, 4000).effects).toEqual([]);
    const follows = stepStandby(second, { kind: "heard", term: 1, entries: 0 }, 4100).state;
    expect(stepStandby(follows, tick, 5000).effects).toEqual([]);
  });

  test("never leads a term that another could lead", () => {
    const terms = [0, 1, 2].map((rank) => {
      const led: number[] = [];
      let state: StandbyState = standBy({ ...init, rank }, true, 0).state;
      for (let round = 1; round <= 5; round++) {
        const now = round * 100_000;
        state = stepStandby(
          state,
          { kind: "heard", term: (led.at(-1) ?? 0) + 1 + (round % 3), entries: 0 },
          now,
        ).state;
        const step = stepStandby(state, tick, now + 50_000);
        state = step.state;
        led.push(termOf(step.effects) ?? -1);
      }
      expect(led.every((term, i) => term >= 0 && (i === 0 || term > (led[i - 1] as number)))).toBe(
        true,
      );
      return led;
    });
    for (const [rank, led] of terms.entries())
      expect(led.every((term) => term % 3 === rank)).toBe(true);
  });

  test("rests when the job is over", () => {
    const { state } = stepStandby(first, { kind: "over" }, 10);
    expect(standbyWake(state)).toBeUndefined();
    expect(stepStandby(state, tick, 1e9)).toEqual({ state, effects: [] });
  });
});

test("a candidate that restarts never leads a term again that it has led or heard of", () => {
  const kept = { term: 3, logTerm: 3, entries: 7 };
  const { state } = standBy({ ...init, rank: 0 }, false, 0, kept);
  const { effects } = stepStandby(state, { kind: "tick" }, 1_000_000);
  const [taken] = effects;
  expect(taken).toMatchObject({ kind: "takeOver" });
  expect((taken as { term: number }).term).toBeGreaterThan(3);
});

test("where nobody else may lead, a broker that restarts leads at once", () => {
  const { state } = standBy({ ...init, rank: 0, candidates: 1 }, false, 500);
  expect(standbyWake(state)).toBe(500);
  expect(termOf(stepStandby(state, tick, 500).effects)).toBe(1);
});
