// What a plan is made by: claims, and what was seen of them.

import type { Ask } from "@foldmesh/market";
import { expect, test } from "vitest";
import { createPace } from "../src/broker/pace.ts";
import { Speeds } from "../src/broker/speeds.ts";

/** Who claims so many merges a minute of 2^15 constraints. */
const askOf = (sender: string, mergesPerMinute: number, maxConcurrent = 1): Ask =>
  ({
    phase: "Checked",
    message: { sender, content: { backends: [{ benchmark: { mergesPerMinute } }], maxConcurrent } },
  }) as unknown as Ask;

const speedsOf = (speeds: Speeds, ...asks: Ask[]): Record<string, number> =>
  Object.fromEntries(speeds.of(asks).map(({ peer, speed }) => [peer, speed]));

test("claims count as they are while nothing was seen, a machine's slots sharing it", () => {
  const speeds = new Speeds();
  const asks = [askOf("a", 60), askOf("b", 60, 2)];
  expect(speedsOf(speeds, ...asks)).toEqual({ a: 2 ** 15, b: 2 ** 14 });
  expect(speeds.of(asks).map(({ slots }) => slots)).toEqual([1, 2]);
});

test("what was seen counts instead, and claims of others as far as those held", () => {
  const speeds = new Speeds();
  speeds.onProved("a", 3 * 2 ** 15, 1_000);
  expect(speedsOf(speeds, askOf("a", 60), askOf("b", 60))).toEqual({
    a: 3 * 2 ** 15,
    b: 3 * 2 ** 15,
  });
  speeds.onProved("b", 1_000, 1_000);
  const now = speedsOf(speeds, askOf("a", 60), askOf("b", 6_000));
  expect(now["b"]).toBe(1_000); // whatever it claims
  speeds.onProved("a", 2 ** 15, 1_000); // once it was slow
  expect(speedsOf(speeds, askOf("a", 60))["a"]).toBe(3 * 2 ** 15);
  for (let i = 0; i < 3; i++) speeds.onProved("a", 2 ** 15, 1_000);
  expect(speedsOf(speeds, askOf("a", 60))["a"]).toBe(2 ** 15);
});

test("nobody counts for much more than the others", () => {
  const all = speedsOf(new Speeds(), askOf("a", 60), askOf("b", 60), askOf("c", 6_000_000));
  expect(all["c"]! / all["a"]!).toBe(32);
});

test("a program's pace is known from its second step, or from an earlier job", async () => {
  const speeds = new Speeds();
  const first = createPace(speeds, "program");
  first.onStep(1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  first.onStep(2);
  expect(await first.stepMs).toBeGreaterThan(20);
  first.end();
  expect(speeds.stepMs("program")).toBeCloseTo(await first.stepMs);
  expect(await createPace(speeds, "program").stepMs).toBe(speeds.stepMs("program"));
});

test("of a single step, or none, there is nothing to be cut by", async () => {
  const speeds = new Speeds();
  const pace = createPace(speeds, "program");
  pace.onStep(1);
  pace.end();
  expect(await pace.stepMs).toBe(0);
  expect(speeds.stepMs("program")).toBeUndefined();
});
