// Speeds: measured, claimed, and challenged.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadBenchmark } from "../src/measure/benchmark.ts";
import { measureLag } from "../src/measure/lag.ts";
import { createMeter } from "../src/measure/meter.ts";
import { createSpeedometer } from "../src/worker/speedometer.ts";
import { toyProver } from "./toy-prover.ts";
import { createWorld, until } from "./world.ts";

test("a machine is measured once and remembers", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "foldmesh-measure-"));
  const meter = createMeter();
  onTestFinished(async () => {
    await meter.close();
    await rm(dataDir, { recursive: true });
  });
  const first = await loadBenchmark({ meter, dataDir, threads: 2 });
  expect(first.msmPointsPerSecond).toBeGreaterThan(1000);
  expect(first.mergesPerMinute).toBeGreaterThan(0);
  const file = JSON.parse(await readFile(join(dataDir, "benchmark.json"), "utf8")) as object;
  expect(file).toMatchObject(first);
  expect(await loadBenchmark({ meter, dataDir, threads: 2 })).toEqual(first);
});

test("who claims more than it does is not admitted", async () => {
  const world = await createWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const parts = { prover: toyProver(), challenge: undefined };
  const broker = await world.start("broker", { roles: ["broker"] }, parts);
  const honest = { msmPointsPerSecond: 20_000, mergesPerMinute: 20 };
  const boast = { msmPointsPerSecond: 2 ** 50, mergesPerMinute: 100_000 };
  const start = (name: string, benchmark: typeof honest) =>
    world.start(name, { roles: ["prover"], worker: { benchmark } }, parts);
  const good = await start("honest", honest);
  const liar = await start("liar", boast);
  await until(
    () => broker.events.filter(({ kind }) => kind.endsWith("admitted")).length === 2,
    "both verdicts",
  );
  expect(broker.events).toContainEqual({ kind: "admitted", peer: good.peer });
  const verdict = broker.events.find(({ kind }) => kind === "not-admitted");
  expect(verdict).toMatchObject({ peer: liar.peer });
  expect((verdict as { reason: string }).reason).toMatch(/claims \d+ points a second and took/);
}, 60_000);

test("work itself corrects the speed that bids are made with", () => {
  const speed = createSpeedometer({ msmPointsPerSecond: 1, mergesPerMinute: 60 }, 2);
  expect(speed.value).toBe(2 ** 14);
  for (let n = 0; n < 40; n++) speed.learn(1_000_000, 10_000);
  expect(Math.round(speed.value)).toBe(100_000);
  speed.learn(0, 0);
  expect(Math.round(speed.value)).toBe(100_000);
});

test("the lag of the event loop shows how long it was blocked", async () => {
  const meter = measureLag();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const end = performance.now() + 150;
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { p50, p99, max } = meter.lag();
  meter.stop();
  expect(max).toBeGreaterThanOrEqual(100);
  expect(p50).toBeLessThanOrEqual(p99);
});
