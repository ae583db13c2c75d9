import { describe, expect, test } from "vitest";
import { type JobEffect, replay } from "../src/index.ts";
import { type Weather, World } from "./world.ts";

type Effect<K extends JobEffect["kind"]> = Extract<JobEffect, { kind: K }>;

const WEATHERS: Readonly<Record<string, Weather>> = {
  calm: { faultEveryMs: 1e9, deceit: 0, lostVerdicts: 0, missed: 0, brokerRestartEveryMs: 1e9 },
  stormy: {
    faultEveryMs: 1500,
    deceit: 0,
    lostVerdicts: 0.2,
    missed: 0,
    brokerRestartEveryMs: 20_000,
  },
  hostile: {
    faultEveryMs: 4000,
    deceit: 0.5,
    lostVerdicts: 0.1,
    missed: 0.2,
    brokerRestartEveryMs: 30_000,
  },
};

function effectsOf<K extends JobEffect["kind"]>(world: World, kind: K): readonly Effect<K>[] {
  return world.effects
    .map(({ effect }) => effect)
    .filter((effect): effect is Effect<K> => effect.kind === kind);
}

function checkEpochs(world: World): void {
  const last = new Map<string, number>();
  for (const { task, epoch } of effectsOf(world, "sendLease")) {
    expect(epoch).toBeGreaterThan(last.get(task) ?? -1);
    last.set(task, epoch);
  }
}

/** Payments of a task do not overlap, cover what was verified, and stay within the price; a failed job pays nothing for nothing. */
function checkPayments(world: World): void {
  const payments = effectsOf(world, "pay");
  const total = payments.reduce((sum, { amount }) => sum + amount, 0n);
  expect(total).toBeLessThanOrEqual(world.init.maxPrice);
  for (const { id, range, state, kind } of world.state.tasks) {
    const parts = payments
      .filter(({ task }) => task === id)
      .toSorted((a, b) => a.range.start - b.range.start);
    if (state.kind !== "Verified" || kind === "verify") expect(parts).toEqual([]);
    else {
      expect(parts.map((part) => part.range.start)).toEqual([
        range.start,
        ...parts.slice(0, -1).map((p) => p.range.end),
      ]);
      expect(parts.at(-1)?.range.end).toBe(range.end);
    }
  }
}

/** The accepted root is valid and every step of [0, N) is in exactly one accepted shard of it. */
function checkRoot(world: World): void {
  const { phase, tasks } = world.state;
  if (phase.kind !== "Done") return;
  const root = world.nodes.get(phase.root);
  const steps = tasks.at(-1)?.range.end as number;
  expect(root).toMatchObject({ valid: true, range: { start: 0, end: steps } });
  const shards = (root?.parts ?? []).filter(({ task }) => task.startsWith("prove:"));
  const ranges = shards
    .map(({ node }) => world.nodes.get(node)?.range)
    .toSorted((a, b) => (a?.start ?? 0) - (b?.start ?? 0));
  expect(ranges.map((range) => range?.start)).toEqual([
    0,
    ...ranges.slice(0, -1).map((range) => range?.end),
  ]);
  expect(ranges.at(-1)?.end).toBe(steps);
}

/** Nobody is called a cheat for what others lied about. */
function checkBlame(world: World): void {
  const cheats = effectsOf(world, "blame").filter(({ reason }) => CHEATING.includes(reason));
  expect(cheats.filter(({ peer }) => world.isHonest(peer))).toEqual([]);
}

const CHEATING: readonly string[] = ["INVALID_NODE", "INVALID_CHECKPOINT", "FALSE_DISPUTE"];

/** A fault costs at most one checkpoint interval of the work that its broker knew to be done. */
function checkRedone(world: World): void {
  for (const { steps } of world.redone) expect(steps).toBeLessThanOrEqual(world.interval);
}

/** How often something happened that the simulation exists for. */
function tally(world: World, counts: Map<string, number>): void {
  const count = (what: string): unknown => counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const { effect } of world.effects) {
    if (effect.kind === "blame") count(effect.reason);
    if (effect.kind === "ignored") count(`ignored ${effect.reason}`);
    if (effect.kind === "sendLease" && effect.resume) count("resumed");
    if (effect.kind === "requestVerify" && effect.attempt > 1) count("verified again");
  }
  for (const what of world.reserved) count(`reservation ${what}`);
  for (const { event } of world.log)
    if (event.kind === "judged" && event.culprit) count("bisected");
  for (const { state, leases } of world.state.tasks) {
    const newest = leases.at(-1)?.epoch ?? 0;
    if (state.kind === "Verified" && state.epoch < newest) count("late delivery used");
    if (state.kind === "Verified" && state.contributions.length > 1) count("shared pay");
  }
  count(world.state.phase.kind);
}

const EXERCISED: Readonly<Record<string, readonly string[]>> = {
  calm: ["Done", "reservation kept"],
  stormy: [
    "resumed",
    "reservation kept",
    "reservation given up",
    "DISCONNECTED",
    "STALLED",
    "REFUSED",
    "verified again",
    "shared pay",
    "ignored STALE_EPOCH",
  ],
  hostile: [
    "resumed",
    "INVALID_NODE",
    "INVALID_CHECKPOINT",
    "FALSE_DISPUTE",
    "bisected",
    "late delivery used",
    "shared pay",
    "ignored SETTLED",
  ],
};

/** A prover that disputes a good checkpoint is rare: there must be a hand-over, and it must be a cheat's. */
const SEEDS: Readonly<Record<string, number>> = { hostile: 200 };

describe.each(Object.entries(WEATHERS))("in %s weather", (name, weather) => {
  test("every job ends in time, paid once, with a whole root, and replays", () => {
    let events = 0;
    const counts = new Map<string, number>();
    const seeds = Number(process.env["FOLDMESH_SIM_SEEDS"] ?? SEEDS[name] ?? 25);
    for (let seed = 1; seed <= seeds; seed++) {
      const world = new World(seed, weather);
      world.run();
      const context = `weather ${name}, seed ${seed}`;
      expect(world.now, context).toBeLessThanOrEqual(world.init.deadline);
      expect(replay(world.init, 0, world.log), context).toEqual(world.state);
      for (const check of [checkEpochs, checkPayments, checkRoot, checkBlame, checkRedone]) {
        expect(() => check(world), context).not.toThrow();
      }
      events += world.log.length;
      tally(world, counts);
    }
    expect(events).toBeGreaterThan(2000);
    expect(EXERCISED[name]?.filter((what) => !counts.has(what))).toEqual([]);
    expect((counts.get("Done") ?? 0) / seeds).toBeGreaterThanOrEqual(name === "calm" ? 1 : 0.8);
  });
});
