// When a prover makes its checkpoints.

import { expect, test } from "vitest";
import { createPace } from "../src/worker/pace.ts";

/** Leaves of a shard, each followed by the chance of a checkpoint. @returns times at which checkpoints began */
async function run(leaves: number, leafMs: number, costMs: number, leastMs: number) {
  let now = 0;
  const begun: number[] = [];
  const pace = createPace(leastMs, () => now);
  for (let leaf = 0; leaf < leaves; leaf++) {
    now += leafMs;
    pace.maybe(async () => {
      begun.push(now);
      now += costMs;
    });
    await new Promise(setImmediate);
  }
  return { begun, now };
}

test("checkpoints cost less than a twentieth of proving, whatever one costs", async () => {
  for (const cost of [1, 30, 500]) {
    const { begun, now } = await run(4000, 100, cost, 10);
    expect(begun.length).toBeGreaterThan(10);
    expect((begun.length * cost) / now).toBeLessThan(0.052); // the last one is still being paid off
  }
});

test("cheap ones are as far apart as is asked for, and one leaf more at most", async () => {
  const { begun } = await run(1000, 100, 1, 2_000);
  const gaps = begun.slice(1).map((at, i) => at - begun[i]!);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2_000);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(2_101);
});

test("one is made at a time, and one that fails is no reason to stop", async () => {
  let now = 0;
  const pace = createPace(1, () => now);
  const { promise, reject } = Promise.withResolvers<void>();
  let made = 0;
  const checkpoint = (): Promise<void> => (made++ === 0 ? promise : Promise.resolve());
  for (now = 10; now < 100; now += 10) pace.maybe(checkpoint);
  expect(made).toBe(1);
  reject(new Error("nobody took it"));
  await new Promise(setImmediate);
  now = 10_000;
  pace.maybe(checkpoint);
  expect(made).toBe(2);
});
