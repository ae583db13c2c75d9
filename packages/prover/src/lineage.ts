// Who made a node, as far as its provenance tells: the root of a tree of the contributors' key hashes that grows with the
// proof. In a merge the circuit has bound it; in a leaf it is only claimed, and whoever holds the witness can replace it.

import { type Engine, TAG } from "@foldmesh/algebra";
import { leafPidBlock, mergePid, mergePidBlock } from "@foldmesh/circuits";
import type { Range } from "./api.ts";

/** What a node's provenance must come from. */
export type Lineage =
  | {
      readonly kind: "shard";
      /** key hash in every leaf */
      readonly pid: bigint;
      readonly range: Range;
      /** `ShardRequest.batch`: the tree's shape */
      readonly batch: number;
      /** provenance of the node that it goes on from */
      readonly before?: bigint | undefined;
    }
  | { readonly kind: "merge"; readonly left: bigint; readonly right: bigint }
  | { readonly kind: "same"; readonly provenance: bigint };

type Hashing = Pick<Engine, "permute" | "permuteAll">;

/** Two permutations for each leaf of a shard, all of a level of its trees at a time. */
export async function provenanceFrom(at: Hashing, lineage: Lineage): Promise<bigint> {
  switch (lineage.kind) {
    case "shard":
      return shard(at, lineage);
    case "merge":
      return mergePid(at.permute, lineage.left, lineage.right);
    case "same":
      return lineage.provenance;
  }
}

/** As `proveShard` merges: each batch into a tree, the batches from left to right. */
async function shard(
  at: Hashing,
  { pid, range, batch, before }: Extract<Lineage, { kind: "shard" }>,
): Promise<bigint> {
  const indices = Array.from({ length: range.end - range.start }, (_, i) => range.start + i);
  const leaves = await first(
    at,
    indices.map((i) => leafPidBlock(TAG.pidLeaf, pid, BigInt(i), 0n)),
  );
  const batches = Array.from({ length: Math.ceil(leaves.length / batch) }, (_, k) =>
    leaves.slice(batch * k, batch * (k + 1)),
  );
  const joined = await roots(at, batches);
  const all = before === undefined ? joined : [before, ...joined];
  return all.reduce((left, right) => mergePid(at.permute, left, right));
}

/** Of each list of leaves the root of its tree, whose left half is the longer one. */
async function roots(at: Hashing, lists: readonly (readonly bigint[])[]): Promise<bigint[]> {
  if (lists.every(({ length }) => length === 1)) return lists.map(([leaf]) => leaf!);
  const middle = ({ length }: readonly bigint[]): number => Math.ceil(length / 2);
  const halves = lists.flatMap((list) =>
    list.length === 1 ? [list] : [list.slice(0, middle(list)), list.slice(middle(list))],
  );
  const below = (await roots(at, halves)).values();
  const next = (): bigint => below.next().value!;
  const children = lists.map((list) => (list.length === 1 ? [next()] : [next(), next()]));
  const pairs = children.filter(({ length }) => length === 2);
  const blocks = pairs.map(([left, right]) => mergePidBlock(TAG.pidMerge, left!, right!, 0n));
  const joined = (await first(at, blocks)).values();
  return children.map(([only, other]) => (other === undefined ? only! : joined.next().value!));
}

const first = async (at: Hashing, states: readonly (readonly bigint[])[]): Promise<bigint[]> =>
  (await at.permuteAll(states)).map(([lane]) => lane!);
