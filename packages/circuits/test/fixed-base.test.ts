import { Fq, Grumpkin, type Point, Fp, generators, oddScalar } from "@foldmesh/algebra";
import { expect, test } from "vitest";
import { FIELD_BITS, allocateBits } from "../src/bits.ts";
import { fixedBaseCommitment } from "../src/fixed-base-gadget.ts";
import { fixedBaseTables } from "../src/index.ts";
import { build, freeColumns, violatedRows } from "./harness.ts";
import { readVectors, sha256Of } from "./vectors.ts";

const cfx = generators(Grumpkin, "cfx", 12);
const cfoff = generators(Grumpkin, "cfoff", 1)[0]!;
const tables = fixedBaseTables(cfx, cfoff);

test("the tables are the reference's", () => {
  const { fixedBase } = readVectors("hash-to-curve.json");
  expect(tables.windows.length).toBe(fixedBase.windows);
  expect(tables.windows[0]).toEqual(fixedBase.firstWindow);
  expect(tables.windows.at(-1)).toEqual(fixedBase.lastWindow);
  expect(sha256Of(tables.windows.flat(2))).toBe(fixedBase.tablesSha256);
  expect(tables.constant).toEqual(fixedBase.constant);
});

/** t and ten coordinates through the gadget. */
function commit(t: bigint, coordinates: readonly bigint[]) {
  let result: Point = [0n, 0n];
  const built = build(Fp, (cs) => {
    const tBits = allocateBits(cs, t, 127);
    const bits = coordinates.map((c) => allocateBits(cs, c, FIELD_BITS));
    const [x, y] = fixedBaseCommitment(cs, tables, tBits, bits);
    result = [cs.value(x), cs.value(y)];
  });
  return { ...built, result };
}

const ten = (f: (k: number) => bigint): bigint[] => Array.from({ length: 10 }, (_, k) => f(k));
const random = (k: number): bigint => Fq.pow(5n, BigInt(5000 + k));

test.each<[string, bigint, bigint[]]>([
  ["random scalars", random(99) >> 127n, ten(random)],
  ["zeros", 0n, ten(() => 0n)],
  ["largest scalars", (1n << 127n) - 1n, ten(() => Fq.modulus - 1n)],
])("C_X of %s is the native commitment", (_, t, coordinates) => {
  const { result, violations } = commit(t, coordinates);
  expect(violations).toEqual([]);
  expect(result).toEqual(Grumpkin.msm(cfx, [1n, oddScalar(t), ...coordinates]));
});

test("every column matters", () => {
  const coordinates = ten(random);
  const { structure, z } = commit(random(98) >> 127n, coordinates);
  expect(violatedRows(structure, z)).toEqual([]);
  expect(freeColumns(structure, z)).toEqual([]);
});

test("the wrong number of bits is our own mistake", () => {
  expect(() => commit(0n, [0n])).toThrow("wrong number of bits");
});
