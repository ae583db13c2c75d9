// What counts as an attempt at a task: a job is given up after too many, so nobody may cause them for others.

import { expect, test } from "vitest";
import { JOB_DEFAULTS, type JobEvent, type JobState, createJob, step } from "../src/index.ts";
import { cidOf, initOf, peerOf } from "./helpers.ts";

const ROUNDS = 3 * JOB_DEFAULTS.maxAttempts;

function run(state: JobState, ...events: readonly JobEvent[]): JobState {
  return events.reduce((before, event, i) => step(before, event, 1_000 + i).state, state);
}

const shard = (i: number, node: string, peer: string): JobEvent[] => {
  const held = { task: `prove:${i}`, epoch: 0, peer: peerOf(peer) };
  return [
    { kind: "awarded", ...held, price: 1n, duration: 1_000 },
    { kind: "delivered", ...held, node: cidOf(node), bytes: 1 },
    { kind: "fetched", task: held.task, epoch: 0, node: cidOf(node) },
  ];
};

const taskOf = (state: JobState, id: string) => state.tasks.find((task) => task.id === id)!;

/** Two shards delivered and here, but not verified. */
const delivered = (): JobState => {
  const shards = [
    [0, 4],
    [4, 8],
  ] as const;
  const begun = createJob(initOf(shards, { config: JOB_DEFAULTS }), 0).state;
  return run(begun, ...shard(0, "a", "A"), ...shard(1, "b", "B"));
};

const awarded = (state: JobState, peer: string): JobEvent => ({
  kind: "awarded",
  task: "merge:1.0",
  epoch: taskOf(state, "merge:1.0").epoch,
  peer: peerOf(peer),
  price: 1n,
  duration: 1_000,
});

test("giving back what may be bad is none, however often", () => {
  let state = delivered();
  for (let i = 0; i < ROUNDS; i++) {
    const { epoch } = taskOf(state, "merge:1.0");
    const refusal = { task: "merge:1.0", epoch, peer: peerOf("Q"), reason: "overloaded" } as const;
    state = run(state, awarded(state, "Q"), { kind: "refused", ...refusal });
  }
  expect(state.phase.kind).toBe("Running");
  expect(taskOf(state, "merge:1.0")).toMatchObject({ attempts: 0, state: { kind: "Auctioned" } });
});

test("giving back what is verified is one", () => {
  const valid = (i: number, node: string): JobEvent => {
    return { kind: "judged", task: `prove:${i}`, epoch: 0, node: cidOf(node), valid: true };
  };
  let state = run(delivered(), valid(0, "a"), valid(1, "b"));
  const { epoch } = taskOf(state, "merge:1.0");
  const refusal = { task: "merge:1.0", epoch, peer: peerOf("Q"), reason: "overloaded" } as const;
  state = run(state, awarded(state, "Q"), { kind: "refused", ...refusal });
  expect(taskOf(state, "merge:1.0").attempts).toBe(1);
});

test("what was made of a bad node is done again without one; the shard's own counts", () => {
  let state = delivered();
  state = run(state, awarded(state, "Q"));
  const bad = { task: "prove:0", epoch: 0, node: cidOf("a"), valid: false } as const;
  state = run(state, { kind: "judged", ...bad });
  expect(taskOf(state, "merge:1.0").attempts).toBe(0);
  expect(taskOf(state, "prove:0").attempts).toBe(1);
});

test("nothing is made of the nodes of who was caught", () => {
  let state = delivered();
  const bad = { task: "prove:0", epoch: 0, node: cidOf("a"), valid: false } as const;
  state = run(state, { kind: "judged", ...bad });
  expect(state.banned).toEqual([peerOf("A")]);
  const again = { task: "prove:0", epoch: 1, peer: peerOf("B"), price: 1n, duration: 1_000 };
  state = run(state, { kind: "awarded", ...again });
  const node = cidOf("a2");
  state = run(
    state,
    { kind: "delivered", task: "prove:0", epoch: 1, peer: peerOf("B"), node, bytes: 1 },
    { kind: "fetched", task: "prove:0", epoch: 1, node },
    { kind: "judged", task: "prove:1", epoch: 0, node: cidOf("b"), valid: false }, // B is caught with its first shard
  );
  expect(state.banned).toContain(peerOf("B"));
  state = run(state, awarded(state, "Q"));
  expect(taskOf(state, "merge:1.0").leases).toEqual([]);
});
