import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildTree, createJob, planShards, type PlanInit } from "../src/index.ts";
import { initOf, peerOf } from "./helpers.ts";

const plans: fc.Arbitrary<PlanInit> = fc.record({
  steps: fc.integer({ min: 1, max: 5000 }),
  speeds: fc.array(
    fc.record({
      peer: fc.nat(99).map((n) => peerOf(`${n}`)),
      speed: fc.integer({ min: 1, max: 10_000 }),
      slots: fc.integer({ min: 1, max: 4 }),
    }),
    { maxLength: 12 },
  ),
  shardsPerSlot: fc.integer({ min: 1, max: 3 }),
  minSteps: fc.integer({ min: 1, max: 20 }),
  maxSteps: fc.integer({ min: 20, max: 400 }),
});

const sizesOf = (init: PlanInit): readonly number[] =>
  planShards(init).map(({ start, end }) => end - start);
const slot = (speed: number, slots = 1) => ({ peer: peerOf(`${speed}`), speed, slots });
const roomy = { shardsPerSlot: 1, minSteps: 1, maxSteps: 1_000_000_000 };

describe("the plan", () => {
  test("covers [0, steps) with contiguous, nonempty shards within the size limit", () => {
    fc.assert(
      fc.property(plans, (init) => {
        const shards = planShards(init);
        expect(shards.map(({ start }) => start)).toEqual([
          0,
          ...shards.slice(0, -1).map(({ end }) => end),
        ]);
        expect(shards.at(-1)?.end).toBe(init.steps);
        for (const { start, end } of shards) {
          expect(end).toBeGreaterThan(start);
          expect(end - start).toBeLessThanOrEqual(init.maxSteps);
        }
      }),
    );
  });

  test("gives every slot its share by speed, within one step", () => {
    fc.assert(
      fc.property(plans, (init) => {
        const speeds = init.speeds.map((each) => ({ ...each, slots: 1 }));
        const sizes = sizesOf({ ...roomy, steps: init.steps + 10_000_000, speeds });
        const total = speeds.reduce((sum, { speed }) => sum + speed, 0);
        const falling = speeds.map(({ speed }) => speed).toSorted((a, b) => b - a);
        for (const [i, speed] of falling.entries()) {
          const due = ((init.steps + 10_000_000) * speed) / total;
          expect(Math.abs((sizes[i] as number) - due)).toBeLessThan(1);
        }
      }),
      { numRuns: 50 },
    );
  }, 20_000);

  test("makes shards that begin later smaller, so that all end together", () => {
    const steps = 100_000;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 50, max: 200 }), { minLength: 2, maxLength: 6 }),
        fc.integer({ min: 1_000, max: 5_000 }),
        (all, executed) => {
          fc.pre(all.reduce((a, b) => a + b) < executed * 0.7); // else the last get the least share
          const speeds = all.map((speed) => slot(speed));
          const falling = all.toSorted((a, b) => b - a);
          const shards = planShards({ ...roomy, steps, speeds, executed });
          const ends = shards.map(
            ({ start, end }, i) => start / executed + (end - start) / falling[i]!,
          );
          for (const end of ends) expect(Math.abs(end / ends[0]! - 1)).toBeLessThan(0.005);
        },
      ),
    );
  });

  test("starves nobody, however fast another says that it is", () => {
    const speeds = [slot(1_000_000), slot(100), slot(100)];
    const sizes = sizesOf({ ...roomy, steps: 1_000_000, speeds, executed: 1_000 });
    for (const size of sizes.slice(1)) expect(size).toBeGreaterThan(0.2 * 100);
  });

  test("gives a peer twice as fast twice as much, the largest first", () => {
    expect(sizesOf({ ...roomy, steps: 90, speeds: [slot(1), slot(2)] })).toEqual([60, 30]);
    expect(sizesOf({ ...roomy, steps: 1000, speeds: [slot(1, 10)] })).toEqual(
      Array.from({ length: 10 }, () => 100),
    );
    expect(sizesOf({ ...roomy, steps: 60, speeds: [slot(1), slot(2)], shardsPerSlot: 2 })).toEqual([
      20, 20, 10, 10,
    ]);
  });

  test("leaves out who would get less than is worth a merge, and splits what does not fit memory", () => {
    expect(
      sizesOf({ ...roomy, steps: 100, speeds: [slot(98), slot(1), slot(1)], minSteps: 5 }),
    ).toEqual([100]);
    expect(sizesOf({ ...roomy, steps: 100, speeds: [slot(3), slot(1)], maxSteps: 30 })).toEqual([
      25, 25, 25, 25,
    ]);
    expect(sizesOf({ ...roomy, steps: 7, speeds: [] })).toEqual([7]);
    expect(sizesOf({ ...roomy, steps: 2, speeds: [slot(1, 9)] })).toEqual([1, 1]);
  });
});

describe("the tree", () => {
  test("merges neighbours only, uses every node once, and is as shallow as can be", () => {
    fc.assert(
      fc.property(plans, fc.boolean(), (init, compress) => {
        const shards = planShards(init);
        const specs = buildTree(shards, compress);
        const byId = new Map(specs.map((spec) => [spec.id, spec]));
        const used = specs.flatMap(({ inputs }) => inputs);
        expect(new Set(used).size).toBe(used.length);
        expect(used.length).toBe(specs.length - 1); // all but the last
        for (const { kind, range, inputs } of specs) {
          const below = inputs.map((id) => byId.get(id)?.range);
          if (kind !== "prove")
            expect([below[0]?.start, below.at(-1)?.end]).toEqual([range.start, range.end]);
          if (kind === "merge") expect(below[0]?.end).toBe(below[1]?.start);
        }
        const merges = specs.filter(({ kind }) => kind === "merge");
        expect(merges.length).toBe(shards.length - 1);
        const depth = Math.max(0, ...merges.map(({ id }) => Number(/:(\d+)\./.exec(id)?.[1])));
        expect(depth).toBe(Math.ceil(Math.log2(shards.length)));
      }),
    );
  });

  test("puts inputs before what takes them, and ends in the verification of the root", () => {
    const shards = [0, 1, 2, 3, 4].map((i) => ({ start: i, end: i + 1 }));
    const specs = buildTree(shards, true);
    expect(specs.map(({ id, inputs }) => `${id}(${inputs.join(" ")})`)).toEqual([
      "prove:0()",
      "prove:1()",
      "prove:2()",
      "prove:3()",
      "prove:4()",
      "merge:1.0(prove:0 prove:1)",
      "merge:1.1(prove:2 prove:3)",
      "merge:2.0(merge:1.0 merge:1.1)",
      "merge:3.0(merge:2.0 prove:4)",
      "compress(merge:3.0)",
      "verify(compress)",
    ]);
    expect(buildTree(shards.slice(0, 1), false).map(({ id }) => id)).toEqual(["prove:0", "verify"]);
  });
});

test("nobody may promise half of a long deadline for a small lot and sit on it", () => {
  const init = { ...initOf([[0, 4]]), deadline: 3_600_000 };
  const [lot] = createJob(init, 0).effects.flatMap((effect) =>
    effect.kind === "announceAuction" ? effect.lots : [],
  );
  const { longestMs, slowestNs } = init.config;
  expect(lot?.maxDuration).toBe(Math.floor(longestMs + (lot!.constraints * slowestNs) / 1e6));
  expect(lot!.maxDuration).toBeLessThan(120_000);
});
