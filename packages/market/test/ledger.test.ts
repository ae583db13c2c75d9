import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  balanceOf,
  compactLedger,
  EMPTY_LEDGER,
  type LedgerEvent,
  type LedgerState,
  stepLedger,
  totalOf,
} from "../src/index.ts";

const run = (events: readonly LedgerEvent[], start: LedgerState = EMPTY_LEDGER): LedgerState =>
  events.reduce((state, event) => stepLedger(state, event).state, start);

const reasons = (state: LedgerState, event: LedgerEvent): readonly string[] =>
  stepLedger(state, event).effects.map((effect) =>
    effect.kind === "refuse" ? effect.reason : effect.kind,
  );

function pay(
  to: string,
  amount: bigint,
  start: number,
  end: number,
  task = "prove:0",
): LedgerEvent {
  return {
    kind: "pay",
    job: "job",
    payment: { task, range: { start, end }, epoch: 0, to, amount },
  };
}

const opened = run([
  { kind: "deposit", peer: "dapp", amount: 100n },
  { kind: "escrow", job: "job", from: "dapp", amount: 60n },
]);

describe("the ledger", () => {
  test("pays out of escrow and gives back what is left", () => {
    const end = run(
      [pay("a", 20n, 0, 5), pay("b", 10n, 5, 8), { kind: "settle", job: "job" }],
      opened,
    );
    expect(["dapp", "a", "b"].map((peer) => balanceOf(end, peer))).toEqual([70n, 20n, 10n]);
    expect(totalOf(end)).toBe(100n);
  });

  test("pays no step of a task twice, whoever asks", () => {
    const state = run([pay("a", 20n, 0, 5)], opened);
    expect(reasons(state, pay("a", 20n, 0, 5))).toEqual(["ALREADY_PAID"]);
    expect(reasons(state, pay("b", 1n, 4, 8))).toEqual(["ALREADY_PAID"]);
    expect(reasons(state, pay("b", 1n, 5, 8))).toEqual(["paid"]);
    expect(reasons(state, pay("b", 1n, 0, 5, "prove:1"))).toEqual(["paid"]);
  });

  test("refuses what is not there", () => {
    expect(reasons(opened, pay("a", 61n, 0, 5))).toEqual(["INSUFFICIENT_FUNDS"]);
    expect(reasons(opened, { kind: "escrow", job: "other", from: "dapp", amount: 41n })).toEqual([
      "INSUFFICIENT_FUNDS",
    ]);
    expect(reasons(opened, { kind: "escrow", job: "job", from: "dapp", amount: 1n })).toEqual([
      "DUPLICATE",
    ]);
    expect(reasons(opened, { kind: "withdraw", peer: "dapp", amount: 41n })).toEqual([
      "INSUFFICIENT_FUNDS",
    ]);
    expect(reasons(opened, { kind: "settle", job: "none" })).toEqual(["UNKNOWN_JOB"]);
    const settled = run([{ kind: "settle", job: "job" }], opened);
    expect(reasons(settled, pay("a", 1n, 0, 5))).toEqual(["UNKNOWN_JOB"]);
    expect(reasons(settled, { kind: "settle", job: "job" })).toEqual(["UNKNOWN_JOB"]);
  });

  test("never loses or makes money, and nobody goes below zero", () => {
    const peer = fc.constantFrom("a", "b", "c");
    const amount = fc.bigInt(0n, 50n);
    const job = fc.constantFrom("x", "y");
    const event = fc.oneof<fc.Arbitrary<LedgerEvent>[]>(
      fc.record({ kind: fc.constant("deposit"), peer, amount }),
      fc.record({ kind: fc.constant("withdraw"), peer, amount }),
      fc.record({ kind: fc.constant("escrow"), job, from: peer, amount }),
      fc.record({ kind: fc.constant("settle"), job }),
      fc
        .record({ job, to: peer, amount, start: fc.nat(6), length: fc.integer({ min: 1, max: 3 }) })
        .map(({ job: where, start, length, ...rest }) => {
          const range = { start, end: start + length };
          return {
            kind: "pay",
            job: where,
            payment: { task: "prove:0", epoch: 0, range, ...rest },
          };
        }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state = EMPTY_LEDGER;
        for (const each of events) {
          const { state: next, effects } = stepLedger(state, each);
          const refused = effects.some(({ kind }) => kind === "refuse");
          const flow =
            each.kind === "deposit" ? each.amount : each.kind === "withdraw" ? -each.amount : 0n;
          expect(totalOf(next) - totalOf(state)).toBe(refused ? 0n : flow);
          expect([...next.balances.values()].every((balance) => balance >= 0n)).toBe(true);
          state = next;
        }
        const again = compactLedger(state).reduce(
          (at, each) => stepLedger(at, each).state,
          EMPTY_LEDGER,
        );
        const open = [...state.escrows].filter(([, { phase }]) => phase === "Open");
        expect(new Map(again.escrows)).toEqual(new Map(open));
        for (const name of ["a", "b", "c"])
          expect(balanceOf(again, name)).toBe(balanceOf(state, name));
        expect(compactLedger(again)).toHaveLength(compactLedger(state).length);
      }),
    );
  });

  test("a negative amount is our own mistake", () => {
    expect(() => stepLedger(opened, pay("a", -1n, 0, 1))).toThrow("negative amount");
  });
});
