import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aggregationTree, type Branch } from "../src/tree.ts";
import { makePlan } from "../src/plan.ts";

const stepOf = (rows: number) => ({ a: 1, rows, witness: rows });
const request = { steps: 16, step: stepOf(30_000), threads: 2 };

describe("plan", () => {
  test("a large step stands alone in its leaf", () => {
    const plan = makePlan(request);
    expect(plan).toMatchObject({ stepsPerLeaf: 1, leaves: 16, logRows: 16 });
    expect(plan.shards).toEqual([
      { start: 0, end: 8 },
      { start: 8, end: 16 },
    ]);
  });

  test("tiny steps are chained, but every thread keeps work", () => {
    const plan = makePlan({ ...request, steps: 65_536, step: stepOf(10) });
    expect(plan.stepsPerLeaf).toBeGreaterThan(500);
    expect(plan.leaves).toBeGreaterThanOrEqual(2);
    expect(plan.logRows).toBeLessThanOrEqual(17);
  });

  test.each([
    ["steps per leaf that do not divide", { stepsPerLeaf: 5 }, /divisor such as 4/],
    ["no steps per leaf", { stepsPerLeaf: 0 }, /divisor/],
    ["more shards than leaves", { shards: 17 }, /1 to 16/],
    [
      "shards of one leaf",
      { shards: 2, stepsPerLeaf: 16, step: stepOf(9) },
      /a single leaf.* fewer/,
    ],
    ["no shards", { shards: 0 }, /1 to 16/],
    ["half a shard", { shards: 1.5 }, /1 to 16/],
    ["a step beyond every size", { step: stepOf(2 ** 23) }, /smaller step/],
    ["a step of more wires than any key", { step: { a: 1, rows: 9, witness: 2 ** 22 } }, /wires/],
  ])("refuses %s", (_, change, message) => {
    expect(() => makePlan({ ...request, ...change })).toThrow(message);
  });

  test("covers every step once, whatever is asked", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 1, max: 32 }),
        (steps, rows, threads) => {
          const plan = makePlan({ steps, step: stepOf(rows), threads });
          expect(plan.leaves * plan.stepsPerLeaf).toBe(steps);
          expect(plan.constraints).toBeLessThanOrEqual(2 ** plan.logRows);
          expect(plan.shards[0]!.start).toBe(0);
          expect(plan.shards.at(-1)!.end).toBe(plan.leaves);
          plan.shards.forEach(({ start, end }, n) => {
            expect(end).toBeGreaterThan(start);
            if (n > 0) expect(start).toBe(plan.shards[n - 1]!.end);
          });
        },
      ),
    );
  });
});

describe("aggregation tree", () => {
  const leavesOf = (branch: Branch): number[] =>
    branch.children === null ? [branch.range.start] : branch.children.flatMap(leavesOf);
  const depth = (branch: Branch): number =>
    branch.children === null ? 0 : 1 + Math.max(...branch.children.map(depth));

  test("joins adjacent ranges, holds every leaf once, is logarithmic", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 20 }),
        (leaves, parts) => {
          const plan = makePlan({
            ...request,
            steps: leaves,
            stepsPerLeaf: 1,
            shards: Math.min(parts, leaves),
          });
          const tree = aggregationTree(plan.shards);
          expect(leavesOf(tree)).toEqual(Array.from({ length: leaves }, (_, n) => n));
          expect(depth(tree)).toBeLessThanOrEqual(Math.ceil(Math.log2(leaves)) + 2);
          const check = ({ range, children }: Branch): void => {
            if (children === null) return expect(range.end - range.start).toBe(1);
            expect(children[0].range).toMatchObject({
              start: range.start,
              end: children[1].range.start,
            });
            expect(children[1].range.end).toBe(range.end);
            children.forEach(check);
          };
          check(tree);
        },
      ),
    );
  });
});
