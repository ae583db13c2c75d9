// The aggregation tree as it grows: a forest of finished nodes over the leaves.
import type { ProverEvent, Range } from "@foldmesh/prover";

export interface TreeNode {
  readonly range: Range;
  readonly shard: number | null;
  /** 0 for a leaf. */
  readonly height: number;
  /** Two of a merge; as many as it has leaves of a shard that others merged. Null for a leaf. */
  readonly children: readonly TreeNode[] | null;
}

export interface Tree {
  readonly addLeaf: (leaf: number, shard: number) => void;
  /** Joins the two finished nodes that make up `range`; false where they are not there. */
  readonly addMerge: (range: Range, shard: number | null) => boolean;
  /** Joins all finished nodes within `range` into one; where there is only one, it is the shard. */
  readonly addShard: (range: Range, shard: number | null) => void;
  /** Finished nodes without a parent, in order. */
  readonly tops: () => readonly TreeNode[];
}

export function createTree(): Tree {
  const byStart = new Map<number, TreeNode>();
  return {
    addLeaf: (leaf, shard) => {
      const range = { start: leaf, end: leaf + 1 };
      byStart.set(leaf, { range, shard, height: 0, children: null });
    },
    addMerge: (range, shard) => {
      const left = byStart.get(range.start);
      const right = left === undefined ? undefined : byStart.get(left.range.end);
      if (left === undefined || right?.range.end !== range.end) return false;
      const height = Math.max(left.height, right.height) + 1;
      byStart.delete(right.range.start);
      byStart.set(range.start, { range, shard, height, children: [left, right] });
      return true;
    },
    addShard: (range, shard) => {
      const within = [...byStart.values()]
        .filter((node) => node.range.start >= range.start && node.range.end <= range.end)
        .toSorted((a, b) => a.range.start - b.range.start);
      if (within.length < 2) return;
      for (const node of within) byStart.delete(node.range.start);
      const height = Math.max(...within.map((node) => node.height)) + 1;
      byStart.set(range.start, { range, shard, height, children: within });
    },
    tops: () => [...byStart.values()].toSorted((a, b) => a.range.start - b.range.start),
  };
}

/** Enters what an event tells of the tree. */
export function grow(tree: Tree, event: ProverEvent): void {
  if (event.type === "leaf") tree.addLeaf(event.leaf, event.shard);
  if (event.type === "merge") tree.addMerge(event.range, event.shard);
}
