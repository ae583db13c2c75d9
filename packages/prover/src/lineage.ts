// Who made a node, as far as its provenance tells: the root of a tree of the contributors' key hashes that grows with the
// proof. In a merge the circuit has bound it; in a leaf it is only claimed, and whoever holds the witness can replace it.

import type { Permutation } from "@foldmesh/algebra";
import { leafPid, mergePid } from "@foldmesh/circuits";
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

/** About half a millisecond for each leaf of a shard. */
export function provenanceFrom(permute: Permutation, lineage: Lineage): bigint {
  switch (lineage.kind) {
    case "shard":
      return shard(permute, lineage);
    case "merge":
      return mergePid(permute, lineage.left, lineage.right);
    case "same":
      return lineage.provenance;
  }
}

/** As `proveShard` merges: each batch into a tree, the batches from left to right. */
function shard(
  permute: Permutation,
  { pid, range, batch, before }: Extract<Lineage, { kind: "shard" }>,
): bigint {
  let whole = before;
  for (let start = range.start; start < range.end; start += batch) {
    const end = Math.min(range.end, start + batch);
    const leaves = Array.from({ length: end - start }, (_, i) =>
      leafPid(permute, pid, BigInt(start + i)),
    );
    const joined = tree(permute, leaves);
    whole = whole === undefined ? joined : mergePid(permute, whole, joined);
  }
  return whole!;
}

function tree(permute: Permutation, leaves: readonly bigint[]): bigint {
  if (leaves.length === 1) return leaves[0]!;
  const middle = Math.ceil(leaves.length / 2);
  const [left, right] = [leaves.slice(0, middle), leaves.slice(middle)];
  return mergePid(permute, tree(permute, left), tree(permute, right));
}
