// The picture of a job, from what its broker tells.

import type { JobEvent } from "@foldmesh/client";
import { describe, expect, test } from "vitest";
import { type JobModel, NO_JOB, advance } from "../src/page/job-model.ts";

const tell = (model: JobModel, ...events: readonly JobEvent[]): JobModel =>
  events.reduce((each, event, sequence) => advance(each, { sequence, at: 0, event }), model);

const range = (start: number, end: number) => ({ start, end });
const by = (task: string, peer = "12D3KooWprover") => ({ task, epoch: 1, peer });
const lot = (task: string, work: "prove" | "merge" | "compress", over: [number, number]) => ({
  task,
  work,
  range: range(...over),
  reserve: 5n,
});

const sold = tell(
  NO_JOB,
  { kind: "accepted", steps: 8, stepsPerLeaf: 2, leaves: 4, constraints: 100 },
  { kind: "planned", shards: [range(0, 2), range(2, 4)] },
  {
    kind: "auction-opened",
    auction: "cid",
    lots: [lot("prove:0", "prove", [0, 2]), lot("prove:1", "prove", [2, 4])],
    bidders: 2,
  },
  { kind: "leased", ...by("prove:1"), range: range(2, 4), price: 7n },
  { kind: "progress", ...by("prove:1"), done: 1 },
);

const stateOf = ({ tasks }: JobModel): string[] =>
  tasks.map(({ task, state, done }) => `${task} ${state} ${done}`);

describe("the picture of a job", () => {
  test("shows what is for sale and who works on what", () => {
    expect(stateOf(sold)).toEqual(["prove:0 open 0", "prove:1 working 1"]);
    expect(sold).toMatchObject({
      leaves: 4,
      phase: "running",
      headline: "…prover works on prove:1",
    });
  });

  test("puts merges above shards, the widest on top, and the rest above them", () => {
    const model = tell(sold, {
      kind: "auction-opened",
      auction: "cid",
      lots: [
        lot("merge:1.0", "merge", [0, 2]),
        lot("compress", "compress", [0, 4]),
        lot("merge:2.0", "merge", [0, 4]),
      ],
      bidders: 1,
    });
    expect(model.tasks.map(({ task }) => task)).toEqual([
      "compress",
      "merge:2.0",
      "merge:1.0",
      "prove:0",
      "prove:1",
    ]);
  });

  test("follows work to its payment, and lost work back to the market", () => {
    const paid = tell(
      sold,
      { kind: "delivered", ...by("prove:1"), bytes: 10 },
      { kind: "verified", ...by("prove:1"), range: range(2, 4), ms: 3 },
      { kind: "paid", ...by("prove:1"), range: range(2, 4), amount: 7n, receipt: "cid" },
    );
    expect(paid.tasks[1]).toMatchObject({ state: "verified", paid: 7n, peer: "12D3KooWprover" });
    const lost = tell(sold, { kind: "rejected", ...by("prove:1"), failures: ["W"] });
    expect(lost.tasks[1]!.state).toBe("rejected");
    const again = tell(lost, {
      kind: "auction-opened",
      auction: "cid",
      lots: [lot("prove:1", "prove", [2, 4])],
      bidders: 1,
    });
    expect(again.tasks[1]).toMatchObject({ state: "open", done: 0, peer: undefined });
  });

  test("ends with a sentence", () => {
    const failed = tell(sold, { kind: "failed", reason: "NO_BIDDERS", message: "nobody came" });
    expect(failed).toMatchObject({ phase: "failed", headline: "failed: nobody came" });
    const done = tell(sold, { kind: "done", proof: "cid", bytes: 9886, paid: 20n });
    expect(done).toMatchObject({ phase: "done" });
    expect(done.log.at(-1)).toBe("done: a proof of 9886 bytes for 20 micro-units");
  });

  test("keeps a bounded log", () => {
    const events = Array.from({ length: 300 }, (_, i) => ({
      kind: "executed" as const,
      done: i + 1,
      total: 300,
    }));
    const { log } = tell(NO_JOB, ...events);
    expect(log).toHaveLength(200);
    expect(log.at(-1)).toBe("computed 300 of 300 steps");
  });
});
