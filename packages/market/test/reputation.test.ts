import type { Receipt } from "@foldmesh/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decayed, stepOf } from "../src/decay.ts";
import {
  FAILURE,
  noReputations,
  REPUTATION_DEFAULTS,
  type ReputationEvent,
  reputationOf,
  type ReputationState,
  stepReputation,
  successOutcome,
} from "../src/index.ts";
import { cidOf, peerOf } from "./helpers.ts";

const NOW = 1_770_000_000_000;
const { halfLifeMs, receiptWindowMs } = REPUTATION_DEFAULTS;
const EMPTY = noReputations(REPUTATION_DEFAULTS);
const [ALICE, BOB] = [peerOf("alice"), peerOf("bob")];

const good: ReputationEvent = {
  kind: "experience",
  peer: ALICE,
  outcome: successOutcome(1_000_000, 100, 100),
};
const bad: ReputationEvent = { kind: "experience", peer: ALICE, outcome: FAILURE };

function after(
  events: readonly ReputationEvent[],
  now = NOW,
  start: ReputationState = EMPTY,
): ReputationState {
  return events.reduce((state, event) => stepReputation(state, event, now).state, start);
}

function receipt(issuer: string, n: number, change: Partial<Receipt> = {}): ReputationEvent {
  const content: Receipt = {
    job: cidOf(`job ${n}`),
    task: "prove:0",
    epoch: 0,
    peer: ALICE,
    range: { start: 0, end: 1 },
    price: 1n,
    at: NOW,
    verdict: { kind: "accepted", quality: 1_000_000, efficiency: 1_000_000 },
    ...change,
  };
  return { kind: "receipt", issuer: peerOf(issuer), id: cidOf(`${issuer} ${n}`), content };
}

const repeat = (n: number, event: ReputationEvent): readonly ReputationEvent[] =>
  Array.from({ length: n }, () => event);

describe("reputation", () => {
  test("is 0 for a newcomer, grows with good work and never reaches 1", () => {
    const scores = [0, 1, 2, 10, 1000].map((n) => reputationOf(after(repeat(n, good)), ALICE, NOW));
    expect(scores).toEqual([0, 333_333, 500_000, 833_333, 998_003]);
  });

  test("is half success, three tenths quality, one fifth efficiency", () => {
    const outcome = successOutcome(500_000, 100, 400); // quality 0.5, four times as long as promised
    const state = after([...repeat(98, { kind: "experience", peer: ALICE, outcome })]);
    // 98 of 98 + 2 times (0.5 + 0.3·0.5 + 0.2·0.25) = 0.98 · 0.7
    expect(reputationOf(state, ALICE, NOW)).toBe(686_000);
  });

  test("falls with failures, but never below a newcomer's: a new name gains nothing", () => {
    const scores = [0, 1, 10].map((n) =>
      reputationOf(after([...repeat(10, good), ...repeat(n, bad)]), ALICE, NOW),
    );
    expect(scores).toEqual([833_333, 769_230, 454_545]);
    expect(reputationOf(after(repeat(50, bad)), ALICE, NOW)).toBe(0);
  });

  test("forgets: after a half-life ten good deliveries count as five", () => {
    const later = reputationOf(after(repeat(10, good)), ALICE, NOW + halfLifeMs);
    expect(later).toBeCloseTo(reputationOf(after(repeat(5, good)), ALICE, NOW), -1);
    expect(reputationOf(after(repeat(10, good)), ALICE, NOW + 2000 * halfLifeMs)).toBe(0);
  });

  test("lies within [0, 1] and is one person's: no event moves another's", () => {
    const events = fc.array(
      fc.record({
        at: fc.nat(3 * halfLifeMs),
        success: fc.boolean(),
        quality: fc.nat(1_000_000),
        taken: fc.integer({ min: 1, max: 1000 }),
      }),
    );
    fc.assert(
      fc.property(events, fc.nat(4 * halfLifeMs), (all, at) => {
        const state = all.reduce((before, each) => {
          const outcome = each.success ? successOutcome(each.quality, 100, each.taken) : FAILURE;
          return stepReputation(before, { kind: "experience", peer: ALICE, outcome }, NOW + each.at)
            .state;
        }, EMPTY);
        const score = reputationOf(state, ALICE, NOW + at);
        expect(Number.isInteger(score) && score >= 0 && score < 1_000_000).toBe(true);
        expect(reputationOf(state, BOB, NOW + at)).toBe(0);
      }),
    );
  });
});

describe("receipts of others", () => {
  test("count less than experience: any number of invented issuers lifts a peer to a fifth at most", () => {
    const crowd = Array.from({ length: 200 }, (_, i) => receipt(`issuer ${i}`, i));
    expect(reputationOf(after([receipt("one", 0)]), ALICE, NOW)).toBe(58_823);
    expect(reputationOf(after(crowd), ALICE, NOW)).toBe(200_000);
  });

  test("are counted once, not praise of oneself, not stale ones, not ones from the future", () => {
    const reasons = (event: ReputationEvent, start = EMPTY): readonly string[] =>
      stepReputation(start, event, NOW).effects.map(({ reason }) => reason);
    expect(reasons(receipt("one", 0))).toEqual([]);
    expect(reasons(receipt("one", 0), after([receipt("one", 0)]))).toEqual(["DUPLICATE"]);
    expect(reasons(receipt("alice", 0))).toEqual(["NOT_ADMITTED"]);
    expect(reasons(receipt("one", 0, { at: NOW - receiptWindowMs - 1 }))).toEqual(["STALE"]);
    expect(reasons(receipt("one", 0, { at: NOW + receiptWindowMs + 1 }))).toEqual(["STALE"]);
  });

  test("rejections weigh on a good name, within the same bounds", () => {
    const verdict = { kind: "rejected", reason: "invalid-node" } as const;
    const slander = Array.from({ length: 50 }, (_, i) => receipt(`issuer ${i}`, i, { verdict }));
    const before = after(repeat(10, good));
    expect(reputationOf(after(slander, NOW, before), ALICE, NOW)).toBe(800_000); // was 833 333
  });

  test("forgets which receipts it counted once they would be refused as stale", () => {
    const old = after([receipt("one", 0)]);
    const later = NOW + 3 * receiptWindowMs;
    const { state } = stepReputation(old, receipt("one", 1, { at: later }), later);
    expect(state.counted.size).toBe(1);
  });
});

describe("decay", () => {
  test("is 2^(−k/64) to 15 digits, and a half exactly after 64 steps", () => {
    const one = 10n ** 15n;
    for (let k = 0; k <= 200; k++) {
      expect(Math.abs(Number(decayed(one, k)) / 1e15 - 2 ** (-k / 64))).toBeLessThan(3e-15);
    }
    expect(decayed(one, 64)).toBe(one / 2n);
    expect(decayed(one, 1_000_000)).toBe(0n);
  });

  test("counts 64 steps to a half-life", () => {
    expect(stepOf(halfLifeMs, halfLifeMs)).toBe(64);
    expect(stepOf(halfLifeMs - 1, halfLifeMs)).toBe(63);
  });
});
