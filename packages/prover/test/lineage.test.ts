import { type Permutation, plainPoseidon } from "@foldmesh/algebra";
import { leafPid, mergePid } from "@foldmesh/circuits";
import { expect, test } from "vitest";
import { provenanceFrom } from "../src/index.ts";

const permute = plainPoseidon();
const batches: number[] = [];
const hashing = {
  permute,
  permuteAll: async (states: readonly (readonly bigint[])[]) => {
    batches.push(states.length);
    return states.map(permute);
  },
};

/** One hash after the other, as the tree is drawn. */
function tree(one: Permutation, leaves: readonly bigint[]): bigint {
  if (leaves.length === 1) return leaves[0]!;
  const middle = Math.ceil(leaves.length / 2);
  return mergePid(one, tree(one, leaves.slice(0, middle)), tree(one, leaves.slice(middle)));
}

test.each([
  [0, 1, 1],
  [3, 9, 4],
  [5, 18, 16],
  [0, 13, 5],
])(
  "leaves %i to %i in batches of %i: each level is hashed at a time",
  async (start, end, batch) => {
    batches.length = 0;
    const pids: bigint[] = [];
    for (let i = start; i < end; i++) pids.push(leafPid(permute, 9n, BigInt(i)));
    for (const before of [undefined, 77n]) {
      let expected = before;
      for (let at = 0; at < pids.length; at += batch) {
        const joined = tree(permute, pids.slice(at, at + batch));
        expected = expected === undefined ? joined : mergePid(permute, expected, joined);
      }
      const lineage = { kind: "shard", pid: 9n, range: { start, end }, batch, before } as const;
      expect(await provenanceFrom(hashing, lineage)).toBe(expected);
    }
    expect(batches[0]).toBe(end - start);
    expect(batches.length).toBeLessThanOrEqual(2 * (1 + Math.ceil(Math.log2(batch))));
  },
);

test("a merge's provenance is that of its children, a node's own is kept", async () => {
  const merged = await provenanceFrom(hashing, { kind: "merge", left: 4n, right: 5n });
  expect(merged).toBe(mergePid(permute, 4n, 5n));
  expect(await provenanceFrom(hashing, { kind: "same", provenance: 6n })).toBe(6n);
});
