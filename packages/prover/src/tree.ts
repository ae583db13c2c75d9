// The aggregation tree: balanced within each shard, and balanced over the shards. Any binary tree is
// valid; this one has depth ⌈log₂ leaves⌉ for equal shards and keeps a shard's merges together.

import type { Range } from "./api.ts";

export interface Branch {
  readonly range: Range;
  /** Shard that the branch belongs to; null when it joins shards. */
  readonly shard: number | null;
  /** null for a leaf, whose range has length 1. */
  readonly children: readonly [Branch, Branch] | null;
}

export function aggregationTree(shards: readonly Range[]): Branch {
  return balanced(shards.map((range, shard) => shardTree(range, shard)));
}

function shardTree({ start, end }: Range, shard: number): Branch {
  if (end - start === 1) return { range: { start, end }, shard, children: null };
  const middle = start + Math.ceil((end - start) / 2);
  const children = [
    shardTree({ start, end: middle }, shard),
    shardTree({ start: middle, end }, shard),
  ] as const;
  return { range: { start, end }, shard, children };
}

function balanced(branches: readonly Branch[]): Branch {
  if (branches.length === 1) return branches[0]!;
  const middle = Math.ceil(branches.length / 2);
  const children = [balanced(branches.slice(0, middle)), balanced(branches.slice(middle))] as const;
  const range = { start: children[0].range.start, end: children[1].range.end };
  return { range, shard: null, children };
}
