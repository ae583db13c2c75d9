import { Fq, G1, type Point, generators, horner, oddScalar } from "@foldmesh/algebra";
import { digestStructure } from "@foldmesh/r1cs";
import { describe, expect, test } from "vitest";
import { type Quad, cycleFoldStructure, cycleFoldWitness } from "../src/index.ts";
import { freeColumns, violatedRows } from "./harness.ts";
import { leafLeafMerge, mergeLeafMerge, readVectors, sha256Of, slotPoints } from "./vectors.ts";

const structure = cycleFoldStructure();
const { dimensions, digestCF } = readVectors("structure.json");

test("the structure is the reference's", () => {
  expect(structure.field).toBe(Fq);
  expect(structure.A.rows).toBe(dimensions.cycleFoldRows);
  expect(structure.columns - structure.publicCount).toBe(dimensions.cycleFoldWitness);
  const nonZeros = [structure.A, structure.B, structure.C].map((m) => m.column.length);
  expect(nonZeros).toEqual(dimensions.cycleFoldNonZeros);
  expect(digestStructure(structure)).toBe(digestCF);
});

describe.each([
  ["leaf + leaf", leafLeafMerge()],
  ["merge + leaf", mergeLeafMerge()],
])("%s", (_, { vector }) => {
  const { X, W, violations } = cycleFoldWitness(vector.t, slotPoints(vector));

  test("the assignment is the reference's, byte for byte", () => {
    expect(violations).toEqual([]);
    expect(X).toEqual(vector.cycleFold.X);
    expect(sha256Of(W)).toBe(vector.cycleFold.WSha256);
  });

  test("it satisfies the structure and every column matters", () => {
    expect(violatedRows(structure, [...X, ...W])).toEqual([]);
    expect(freeColumns(structure, [...X, ...W])).toEqual([]);
  });

  test("no other public input fits the witness", () => {
    for (let column = 1; column < X.length; column++) {
      const z = [...X, ...W];
      z[column] = Fq.reduce(z[column]! + 1n);
      expect(violatedRows(structure, z)).not.toEqual([]);
    }
  });
});

const points = generators(G1, "test", 4) as unknown as Quad<Point>;

test.each([0n, (1n << 127n) - 1n, 12345n])("Q is the fold of the points, t = %d", (t) => {
  const { X, violations } = cycleFoldWitness(t, points);
  expect(violations).toEqual([]);
  expect(X[1]).toBe(oddScalar(t));
  expect([X[10], X[11]]).toEqual(G1.fold(oddScalar(t), points));
  expect(X[1]).toBe(horner(Fq, oddScalar(t), [0n, 1n]));
});

test("a point off the curve is refused, whichever it is", () => {
  for (let k = 0; k < 4; k++) {
    for (const bad of [
      [0n, 0n],
      [points[k]![0], points[k]![1] + 1n],
    ] as Point[]) {
      const altered = points.map((P, n) => (n === k ? bad : P)) as unknown as Quad<Point>;
      expect(cycleFoldWitness(3n, altered).violations).toContain("on-curve");
    }
  }
});

test("an addition of equal x coordinates is refused", () => {
  const t = 77n;
  const [P0, P1, , P3] = points;
  const folded = G1.mul(oddScalar(t), P3)!;
  for (const P2 of [folded, G1.neg(folded)]) {
    expect(cycleFoldWitness(t, [P0, P1, P2, P3]).violations).toContain("distinct-x");
  }
});
