import { ProtocolError } from "@foldmesh/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createJob,
  decodeEntry,
  encodeEntry,
  type JobEvent,
  type LogEntry,
  replay,
  step,
} from "../src/index.ts";
import { cidOf, initOf, peerOf } from "./helpers.ts";

const task = fc.constantFrom("prove:0", "prove:1", "merge:1.0", "verify", "prove:7");
const epoch = fc.nat(3);
const peer = fc.constantFrom("A", "B", "C").map(peerOf);
const node = fc.constantFrom("x", "y", "z").map(cidOf);
const done = fc.nat(9);
const holder = { task, epoch, peer };
const blob = { node, bytes: fc.nat(100) };
const kind = <const K extends string>(name: K) => fc.constant(name);

/** Any event at all: most make no sense where they stand. */
const event: fc.Arbitrary<JobEvent> = fc.oneof<fc.Arbitrary<JobEvent>[]>(
  fc.record({ kind: kind("tick") }),
  fc.record({
    kind: kind("awarded"),
    ...holder,
    price: fc.bigInt(0n, 200_000n),
    duration: fc.nat(50_000),
  }),
  fc.record({
    kind: kind("awarded"),
    ...holder,
    price: fc.constant(1n),
    duration: fc.constant(1000),
  }),
  fc.record({ kind: kind("unsold"), task: kind("prove:7"), epoch }),
  fc.record({ kind: kind("refused"), ...holder, reason: kind("overloaded") }),
  fc.record({ kind: kind("progress"), ...holder, done }),
  fc.record({
    kind: kind("checkpointed"),
    ...holder,
    ...blob,
    done,
    holders: peer.map((each) => [each]),
  }),
  fc.record({ kind: kind("disputed"), ...holder, node }),
  fc.record({ kind: kind("checkpointJudged"), task, node, valid: fc.boolean() }),
  fc.record({ kind: kind("checkpointLost"), task, node }),
  fc.record({ kind: kind("delivered"), ...holder, ...blob }),
  fc.record({ kind: kind("fetched"), task, epoch, node }),
  fc.record({ kind: kind("judged"), task, epoch, node, valid: fc.boolean() }),
  fc.record({ kind: kind("judged"), task, epoch, node, valid: fc.constant(false), culprit: task }),
  fc.record({ kind: kind("disconnected"), peer }),
  fc.record({ kind: kind("reconnected"), peer }),
  fc.record({ kind: kind("takenOver"), term: fc.nat(4) }),
  fc.record({ kind: kind("settling"), payer: peer }),
);

const logs: fc.Arbitrary<readonly LogEntry[]> = fc
  .array(fc.tuple(fc.nat(900), event), { maxLength: 120 })
  .map((pairs) => {
    let at = 0;
    return pairs.map(([ms, each]) => ({ at: (at += ms), event: each }));
  });

const INIT = initOf([
  [0, 4],
  [4, 8],
]);

describe("the job's log", () => {
  test("gives the same state again, entry by entry, through its encoding", () => {
    fc.assert(
      fc.property(logs, (log) => {
        const stepped = log.reduce(
          (state, each) => step(state, each.event, each.at).state,
          createJob(INIT, 0).state,
        );
        const stored = log.map((entry) => decodeEntry(encodeEntry(entry)));
        expect(stored).toEqual(log);
        expect(replay(INIT, 0, stored)).toEqual(stepped);
      }),
    );
  });

  test("however senseless, leaves the job whole: epochs only rise, checkpoints advance, pay stays within the price", () => {
    fc.assert(
      fc.property(logs, (log) => {
        let { state } = createJob(INIT, 0);
        for (const { event: each, at } of log) {
          const next = step(state, each, at);
          for (const [i, { epoch: before }] of state.tasks.entries()) {
            const now = next.state.tasks[i];
            expect(now?.epoch).toBeGreaterThanOrEqual(before);
            const reached = [
              now?.range.start ?? 0,
              ...(now?.checkpoints ?? []).map((point) => point.done.end),
            ];
            expect(reached).toEqual(reached.toSorted((a, b) => a - b));
          }
          const paid = next.effects.reduce(
            (sum, effect) => (effect.kind === "pay" ? sum + effect.amount : sum),
            0n,
          );
          expect(paid).toBeLessThanOrEqual(INIT.maxPrice);
          state = next.state;
        }
      }),
      { numRuns: 200 },
    );
  });

  test("steps leave the state before untouched", () => {
    fc.assert(
      fc.property(logs, (log) => {
        let { state } = createJob(INIT, 0);
        for (const { event: each, at } of log.slice(0, 30)) {
          const copy = structuredClone(state);
          const next = step(state, each, at).state;
          expect(state).toEqual(copy);
          state = next;
        }
      }),
      { numRuns: 50 },
    );
  });

  test("refuses damaged entries with a typed error", () => {
    fc.assert(
      fc.property(logs, fc.nat(), fc.integer({ min: 1, max: 255 }), ([entry], position, change) => {
        if (entry === undefined) return;
        const bytes = encodeEntry(entry);
        const at = position % bytes.length;
        const damaged = bytes.with(at, (bytes[at] ?? 0) ^ change);
        try {
          expect(encodeEntry(decodeEntry(damaged))).toEqual(damaged); // another good entry: hashes guard against those
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});
