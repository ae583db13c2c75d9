import { Fp, G1, Grumpkin, type Point } from "@foldmesh/algebra";
import { digestStructure } from "@foldmesh/r1cs";
import { describe, expect, test } from "vitest";
import { type MergeChild, type MergeInput, mergeStructure, mergeWitness } from "../src/index.ts";
import { freeColumns, violatedRows } from "./harness.ts";
import { leafLeafMerge, mergeLeafMerge, readVectors, sha256Of, testTables } from "./vectors.ts";

const tables = testTables();
const shape = { a: 2, s: 15, tables };
const { structure, sections } = mergeStructure(2, 15, tables);

// ---- structure

/** Constraints by section at s = 15, and the digest, as the reference's own merge circuit gives them. */
const PINNED = {
  1: [5732, 4645, 1261, 0x20dac8dccfa244ccc8253349f2b0a4e975dc693480de401dbb885748d70b3a72n],
  2: [5736, 4646, 1267, 0x1f8beef3c186fe6624cf490874aa966ef9458e056e78480222e8c75de64c32b0n],
  3: [5740, 4647, 1273, 0x0465514b98b64f0f1244a864991dd62d060d3d05092961de9297808372e44d66n],
  4: [6968, 4648, 1279, 0x117bb6683ca28ec955df02a98f091c20e82d4dbfad71fc760e29df2c4f1f67c2n],
} as const;
const ROWS = {
  1: [26640, 26448],
  2: [26651, 26466],
  3: [26662, 26484],
  4: [28509, 28338],
} as const;

test.each([1, 2, 3, 4] as const)("structure for a = %d, s = 15", (a) => {
  const built = mergeStructure(a, 15, tables);
  const [nodes, sumcheck, final, digest] = PINNED[a];
  expect(built.sections).toEqual({
    "nodes+hash": nodes,
    sumcheck,
    "final+fold": final,
    fixedbase: 5856,
    "cf-fold": 6515,
    pid: 794,
    "out-hash": a === 4 ? 2449 : 1837,
  });
  expect([built.structure.A.rows, built.structure.columns - 2]).toEqual(ROWS[a]);
  expect(digestStructure(built.structure)).toBe(digest);
});

test.each([
  [1, 2, 0x1a8cfa0f6ad0eb53d3c0176c940c744481f6dd94d2759e41e99b186df863958bn],
  [2, 16, 0x0e73b147cf54ab7b6f3475f719b9d1a740b638da9998f491be49e663f88a8881n],
])("structure for a = %d, s = %d", (a, s, digest) => {
  expect(digestStructure(mergeStructure(a, s, tables).structure)).toBe(digest);
});

test("the sections are those of the vectors", () => {
  const vectors = readVectors("structure.json");
  expect(sections).toEqual(vectors.mergeConstraintsBySection);
  expect(structure.A.rows).toBe(vectors.dimensions.mergeRows);
  expect(structure.columns - structure.publicCount).toBe(vectors.dimensions.mergeWitness);
});

// ---- honest children

const STEP_COLUMNS = 22;
const LIBRA_COLUMNS = 46;
const zeros = (n: number): bigint[] => Array.from({ length: n }, () => 0n);
const leafLeaf = leafLeafMerge();
const mergeLeaf = mergeLeafMerge();

describe.each([
  ["leaf + leaf", leafLeaf],
  ["merge + leaf", mergeLeaf],
])("%s", (_, { vk, input, mask, vector }) => {
  const { witness, h, D, violations } = mergeWitness(shape, vk, input);

  test("the assignment is the reference's, byte for byte", () => {
    expect(violations).toEqual([]);
    const w = [...zeros(STEP_COLUMNS), ...witness, ...mask, ...zeros(LIBRA_COLUMNS)];
    expect(sha256Of(w)).toBe(vector.result.witnessSha256);
  });

  test("the statement and its hash are the reference's", () => {
    expect(D).toEqual(vector.result.statement);
    expect(h).toBe(vector.result.statementHash);
  });

  test("it satisfies the structure and every column matters", () => {
    expect(violatedRows(structure, [1n, h, ...witness])).toEqual([]);
    expect(violatedRows(structure, [1n, Fp.reduce(h + 1n), ...witness])).not.toEqual([]);
    expect(freeColumns(structure, [1n, h, ...witness])).toEqual([]);
  });
});

// ---- children that must be refused

type Edit = (input: Mutable<MergeInput>) => void;
type Mutable<T> = T extends bigint ? bigint : { -readonly [K in keyof T]: Mutable<T[K]> };

const refusal = (base: typeof leafLeaf, edit: Edit, vk = base.vk): string[] => {
  const input = structuredClone(base.input) as Mutable<MergeInput>;
  edit(input);
  return mergeWitness(shape, vk, input as MergeInput).violations;
};
const OFF_CURVE: Point[] = [
  [0n, 0n],
  [1n, 1n],
];

test.each<[string, string, Edit]>([
  ["an index gap", "adjacent-index", ({ children: [, R] }) => void (R.D.i += 1n)],
  ["another state", "adjacent-state", ({ children: [, R] }) => void (R.D.zIn[1]! += 1n)],
  ["five steps in a leaf", "leaf-index", ({ children: [, R] }) => void (R.D.j += 4n)],
  ["a leaf without a step", "leaf-index", ({ children: [L] }) => void (L.D.j = L.D.i)],
  ["kind 2", "boolean", ({ children: [L] }) => void (L.k = 2n)],
  ["a leaf passed off as a merge", "final-claim", ({ children: [, R] }) => void (R.k = 1n)],
  ["a false output", "final-claim", ({ children: [, R] }) => void (R.D.zOut[0]! += 1n)],
  ["another running evaluation", "final-claim", ({ children: [L] }) => void (L.D.U.v[1] += 1n)],
  ["another running point", "final-claim", ({ children: [L] }) => void (L.D.U.r[3]! += 1n)],
  ["another commitment", "final-claim", ({ children: [L] }) => void (L.C = [...G1.add(L.C, L.C)!])],
  ["another pid", "final-claim", ({ children: [L] }) => void (L.D.pid += 1n)],
  ["another sumcheck message", "final-claim", ({ rounds }) => void (rounds[14]![2] += 1n)],
  ["another evaluation", "final-claim", ({ evals }) => void (evals[3][2] += 1n)],
])("%s is refused", (_, label, edit) => {
  expect(refusal(leafLeaf, edit)).toContain(label);
});

test("a merge passed off as a leaf is refused", () => {
  const edit: Edit = ({ children: [L] }) => void (L.k = 0n);
  expect(refusal(mergeLeaf, edit)).toEqual(expect.arrayContaining(["leaf-index", "final-claim"]));
});

test("another vk is refused for a merge and for a leaf", () => {
  expect(refusal(mergeLeaf, () => {}, mergeLeaf.vk + 1n)).toContain("final-claim");
  expect(refusal(leafLeaf, () => {}, leafLeaf.vk + 1n)).toContain("final-claim");
});

test.each(["CX", "CW", "CE"] as const)("Φ.%s off the curve is refused", (name) => {
  for (const point of OFF_CURVE) {
    for (const side of [0, 1] as const) {
      const edit: Edit = ({ children }) => void (children[side].D.Phi[name] = [...point]);
      expect(refusal(leafLeaf, edit)).toContain("phi-on-curve");
    }
  }
});

test("CycleFold messages off the curve are refused", () => {
  for (const point of OFF_CURVE) {
    expect(refusal(leafLeaf, (input) => void (input.CW = [...point]))).toContain("on-curve");
    for (const n of [0, 1, 2] as const) {
      expect(refusal(leafLeaf, ({ CT }) => void (CT[n] = [...point]))).toContain("on-curve");
    }
  }
});

test("cancelling error commitments are refused: T02 = ±Φ_R.C_E has no chord", () => {
  const error = leafLeaf.input.children[1].D.Phi.CE;
  for (const T02 of [error, Grumpkin.neg(error)]) {
    expect(refusal(leafLeaf, ({ CT }) => void (CT[1] = [...T02]))).toContain("distinct-x");
  }
});

test("a false Q satisfies the circuit: only the opening of Φ refuses it", () => {
  const { vk, input } = leafLeaf;
  const Q = G1.add(input.Q, input.Q)!;
  const { violations, D } = mergeWitness(shape, vk, { ...input, Q });
  expect(violations).toEqual([]);
  expect(D.U.C).toEqual(Q);
  expect(D.Phi).not.toEqual(leafLeaf.vector.result.statement.Phi);
});

test("wrong dimensions are our own mistake", () => {
  const { vk, input } = leafLeaf;
  const shorter = { ...input, rounds: input.rounds.slice(1) };
  expect(() => mergeWitness(shape, vk, shorter)).toThrow("merge of 14 rounds, expected 15");
  const [L, R] = input.children;
  const moved: MergeChild = { ...R, D: { ...R.D, zIn: [...R.D.zIn, 0n] } };
  expect(() => mergeWitness(shape, vk, { ...input, children: [L, moved] })).toThrow(
    "a = 2, s = 15",
  );
});
