import type { Lease } from "@foldmesh/protocol";
import { describe, expect, test } from "vitest";
import {
  checkpointInterval,
  type HolderEvent,
  type HolderState,
  holdNothing,
  stepHolder,
} from "../src/index.ts";
import { cidOf, peerOf } from "./helpers.ts";

function lease(task: string, epoch: number, job = "job"): Lease {
  return {
    job: cidOf(job),
    task,
    kind: "prove",
    epoch,
    peer: peerOf("me"),
    range: { start: 0, end: 4 },
    stepsPerLeaf: 1,
    price: 1n,
    deadline: 1000,
    program: cidOf("program"),
    inputs: [],
  };
}

const offer = (task: string, epoch: number, job?: string): HolderEvent => ({
  kind: "offered",
  lease: lease(task, epoch, job),
});
const run = (events: readonly HolderEvent[], capacity = 2): HolderState =>
  events.reduce((state, event) => stepHolder(state, event).state, holdNothing(capacity));
const says = (state: HolderState, event: HolderEvent): readonly string[] =>
  stepHolder(state, event).effects.map((effect) =>
    effect.kind === "refuse"
      ? `refuse ${effect.reason}`
      : `${effect.kind} ${effect.lease.task}@${effect.lease.epoch}`,
  );

describe("a prover", () => {
  test("takes no more leases than it can carry, and refuses the rest at once", () => {
    const full = run([offer("prove:0", 0), offer("prove:1", 0)]);
    expect(says(full, offer("prove:2", 0))).toEqual(["refuse overloaded"]);
    const free = stepHolder(full, {
      kind: "finished",
      job: cidOf("job"),
      task: "prove:0",
      epoch: 0,
    }).state;
    expect(says(free, offer("prove:2", 0))).toEqual(["start prove:2@0"]);
  });

  test("obeys the newest epoch of a task: an older broker's leases are refused, a newer one's replace", () => {
    const state = run([offer("prove:0", 5)]);
    expect(says(state, offer("prove:0", 4))).toEqual(["refuse stale-epoch"]);
    expect(says(state, offer("prove:0", 5))).toEqual([]);
    expect(says(state, offer("prove:0", 1_000_000))).toEqual([
      "stop prove:0@5",
      "start prove:0@1000000",
    ]);
    const revoked = stepHolder(state, {
      kind: "revoked",
      job: cidOf("job"),
      task: "prove:0",
      epoch: 5,
    });
    expect(revoked.state.held).toEqual([]);
    expect(says(revoked.state, offer("prove:0", 5))).toEqual(["refuse stale-epoch"]);
    expect(says(state, offer("prove:0", 0, "another job"))).toEqual(["start prove:0@0"]);
  });

  test("does not stop for a revocation of another epoch", () => {
    const state = run([offer("prove:0", 5)]);
    expect(says(state, { kind: "revoked", job: cidOf("job"), task: "prove:0", epoch: 4 })).toEqual(
      [],
    );
  });

  test("moves a deadline only later", () => {
    const renewed = (deadline: number): number | undefined => {
      const event = {
        kind: "renewed",
        job: cidOf("job"),
        task: "prove:0",
        epoch: 5,
        deadline,
      } as const;
      return stepHolder(run([offer("prove:0", 5)]), event).state.held[0]?.deadline;
    };
    expect([renewed(2000), renewed(500)]).toEqual([2000, 1000]);
  });

  test("stops what belongs to a job that is over, and forgets its epochs", () => {
    const state = run([offer("prove:0", 5), offer("prove:1", 0, "other")]);
    const { state: left, effects } = stepHolder(state, { kind: "jobOver", job: cidOf("job") });
    expect(effects.map(({ kind, lease: { task } }) => `${kind} ${task}`)).toEqual(["stop prove:0"]);
    expect([left.held.length, left.epochs.size]).toEqual([1, 1]);
  });

  test("gives everything back when it shuts down", () => {
    const state = run([offer("prove:0", 0)]);
    expect(says(state, { kind: "shutDown" })).toEqual(["stop prove:0@0", "refuse shutting-down"]);
    expect(says(stepHolder(state, { kind: "shutDown" }).state, offer("prove:1", 0))).toEqual([
      "refuse shutting-down",
    ]);
  });
});

test("checkpoints cost at most their share of proving", () => {
  expect(checkpointInterval(1000, 200, 50_000)).toBe(4); // 200 ms every 4 s is 5 %
  expect(checkpointInterval(1000, 201, 50_000)).toBe(5);
  expect(checkpointInterval(60_000, 10, 50_000)).toBe(1);
});
