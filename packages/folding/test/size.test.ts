import { Grumpkin, generators } from "@foldmesh/algebra";
import { CYCLE_FOLD_PUBLIC, mergeStructure, mergeTables } from "@foldmesh/circuits";
import { expect, test } from "vitest";
import { MAX_LOG_ROWS, leafSize, mergeSize } from "../src/index.ts";

const SIZES = Array.from({ length: MAX_LOG_ROWS - 14 }, (_, i) => 15 + i);

test.each([1, 2, 3, 4])(
  "the merge circuit for a state of %i is as large as is written down",
  (a) => {
    const [offset, ...bases] = generators(Grumpkin, "any", 1 + CYCLE_FOLD_PUBLIC);
    const tables = mergeTables(bases, offset!);
    for (const s of SIZES) {
      const { A, columns, publicCount } = mergeStructure(a, s, tables).structure;
      expect(mergeSize(a, s)).toEqual({ rows: A.rows, witness: columns - publicCount });
    }
  },
);

test("a leaf takes the least size that it fits, or none", () => {
  const overhead = mergeSize(1, 15).rows + 3;
  const sizeOf = (rows: number) => leafSize({ a: 1, rows, witness: 9 })?.s;
  expect(sizeOf(2 ** 15 - overhead)).toBe(15);
  expect(sizeOf(2 ** 15 - overhead + 1)).toBe(16);
  expect(sizeOf(2 ** 22)).toBeUndefined();
  expect(leafSize({ a: 1, rows: 9, witness: 2 ** 22 })).toBeNull();
});
