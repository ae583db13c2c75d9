import { type Curve, G1, Grumpkin, type Point, generators } from "@foldmesh/algebra";
import { describe, expect, test } from "vitest";
import { allocateBits } from "../src/bits.ts";
import type { Builder } from "../src/index.ts";
import { scalarMulOdd } from "../src/ladder.ts";
import { addPoints, allocatePoint, doublePoint, enforceOnCurve } from "../src/points.ts";
import type { Pair } from "../src/tuples.ts";
import { type Built, assign, build, freeColumns, violatedRows } from "./harness.ts";

type Gadget = <V>(cs: Builder<V>, P: Pair<V>, Q: Pair<V>) => Pair<V>;

/** Two points on the curve through a gadget; the result is pinned by a public-like constant. */
function run(curve: Curve, P: Point, Q: Point, gadget: Gadget): Built & { readonly result: Point } {
  let result: Point = [0n, 0n];
  const built = build(curve.base, (cs) => {
    const [p, q] = [allocatePoint(cs, P), allocatePoint(cs, Q)];
    for (const point of [p, q]) enforceOnCurve(cs, point, curve.b, "on-curve");
    const out = gadget(cs, p, q);
    result = [cs.value(out[0]), cs.value(out[1])];
  });
  return { ...built, result };
}

function expectSound({ structure, z, violations }: Built): void {
  expect(violations).toEqual([]);
  expect(violatedRows(structure, z)).toEqual([]);
  expect(freeColumns(structure, z)).toEqual([]);
}

describe.each([G1, Grumpkin])("$name", (curve: Curve) => {
  const [P, Q] = generators(curve, "test", 2) as [Point, Point];

  test("addition", () => {
    const built = run(curve, P, Q, addPoints);
    expect(built.result).toEqual(curve.add(P, Q));
    expectSound(built);
  });

  test("doubling", () => {
    const built = run(curve, P, Q, (cs, p) => doublePoint(cs, p));
    expect(built.result).toEqual(curve.add(P, P));
    expectSound(built);
  });

  test.each([
    ["P + P", P],
    ["P − P", curve.neg(P)],
  ])("%s is refused by the addition", (_, other) => {
    expect(run(curve, P, other, addPoints).violations).toContain("distinct-x");
  });

  test.each<[string, Point]>([
    ["(x, y + 1)", [P[0], P[1] + 1n]],
    ["(0, 0)", [0n, 0n]],
    ["(1, 1)", [1n, 1n]],
    ["a point of the other curve", generators(curve === G1 ? Grumpkin : G1, "test", 1)[0]!],
  ])("%s is not on the curve", (_, point) => {
    const { violations } = assign(curve.base, (cs) => {
      enforceOnCurve(cs, allocatePoint(cs, point), curve.b, "on-curve");
    });
    expect(violations).toEqual(["on-curve"]);
  });
});

describe.each([G1, Grumpkin])("odd-scalar ladder on $name", (curve: Curve) => {
  const [P] = generators(curve, "test", 1) as [Point];
  const ladder = (t: bigint, n: number, point: Point): Built & { readonly result: Point } =>
    run(curve, point, point, (cs, p) => scalarMulOdd(cs, allocateBits(cs, t, n), p));

  test.each([0n, 1n, 1n << 126n, (1n << 127n) - 1n, 0x2f12813981911a6489eb445728850dcn])(
    "t = %d",
    (t) => {
      const { result, violations } = ladder(t, 127, P);
      expect(violations).toEqual([]);
      expect(result).toEqual(curve.mul((1n << 127n) + 2n * t + 1n, P));
    },
  );

  test.each([0, 1, 2, 5])("%d bits", (n) => {
    const t = (1n << BigInt(n)) - 1n;
    expect(ladder(t, n, P).result).toEqual(curve.mul((1n << BigInt(n)) + 2n * t + 1n, P));
  });

  test("every column matters, six constraints a bit", () => {
    const built = ladder(0x5a5a5a5a5a5an, 127, P);
    expectSound(built);
    const onCurve = 2 * 3;
    expect(built.structure.A.rows).toBe(onCurve + 127 + 4 + 6 * 127);
  });

  test("a wrong point is refused wherever it comes from", () => {
    for (const point of [
      [0n, 0n],
      [P[0], P[1] + 1n],
      [P[0], 0n],
    ] as Point[]) {
      expect(ladder(5n, 127, point).violations).toContain("on-curve");
    }
  });
});
