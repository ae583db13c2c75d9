// The nodes under test: the tree of the reference's vectors, and what the other tests need besides.

import { Fp } from "@foldmesh/algebra";
import { type Setup, type TreeNode, mergeNodes, proveLeaf } from "../src/index.ts";
import type { CycleFolded } from "../src/cyclefold.ts";
import type { Multifolded } from "../src/multifold.ts";
import { assignmentBytes, once, referenceRng, setupFor } from "./support.ts";
import { toyAssignment, toyStep } from "./toy-step.ts";

/** A merge with its children and messages. */
export interface Run {
  readonly L: TreeNode;
  readonly R: TreeNode;
  readonly node: TreeNode;
  readonly folded: Multifolded;
  readonly cycle: CycleFolded;
}

export async function runMerge(setup: Setup, L: TreeNode, R: TreeNode, seed: string): Promise<Run> {
  let messages: { folded: Multifolded; cycle: CycleFolded } | undefined;
  const node = await mergeNodes(setup, L, R, referenceRng(seed), {
    stage() {},
    folded: (folded, cycle) => (messages = { folded, cycle }),
  });
  return { L, R, node, ...messages! };
}

export interface ToyLeaf {
  readonly i: number;
  readonly zIn: readonly bigint[];
  readonly w: bigint;
  readonly pid: bigint;
  readonly mask?: boolean;
  readonly seed?: string;
}

export function toyLeaf(
  setup: Setup,
  { i, zIn, w, pid, mask = false, seed = `leaf-${i}` }: ToyLeaf,
): Promise<TreeNode> {
  const assignment = assignmentBytes(toyAssignment([zIn[0]!, zIn[1]!], w));
  return proveLeaf(setup, { i: BigInt(i), assignment, pid, mask }, referenceRng(seed));
}

/** A chain of leaves 0 … n−1 from (3, 4); leaf 0 is masked. */
export async function toyLeaves(setup: Setup, n: number): Promise<TreeNode[]> {
  const leaves: TreeNode[] = [];
  for (let i = 0, zIn: readonly bigint[] = [3n, 4n]; i < n; i++, zIn = leaves.at(-1)!.D.zOut) {
    const init = { i, zIn, w: BigInt(1000 + i), pid: BigInt(11 + i), mask: i === 0 };
    leaves.push(await toyLeaf(setup, init));
  }
  return leaves;
}

export interface VectorTree {
  readonly setup: Setup;
  readonly leaves: readonly TreeNode[];
  readonly m01: Run;
  readonly m012: Run;
}

/** The tree of the vectors: leaf 0 masked, leaves 1 and 2 not; ((0, 1), 2). */
async function vectorTree(): Promise<VectorTree> {
  const setup = await setupFor(toyStep());
  const leaves = await toyLeaves(setup, 3);
  const m01 = await runMerge(setup, leaves[0]!, leaves[1]!, "merge-0-1");
  const m012 = await runMerge(setup, m01.node, leaves[2]!, "merge-01-2");
  return { setup, leaves, m01, m012 };
}

/** The same nodes for every test file; tests change copies only. */
export interface Scenario {
  readonly setup: Setup;
  readonly tree: VectorTree;
  readonly leaf0: TreeNode;
  readonly leaf1: TreeNode;
  readonly leaf2: TreeNode;
  readonly leaf3: TreeNode;
  readonly m01: Run;
  readonly m012: Run;
  readonly m23: TreeNode;
}

export const scenario: () => Promise<Scenario> = once(async () => {
  const tree = await vectorTree();
  const { setup, leaves, m01, m012 } = tree;
  const [leaf0, leaf1, leaf2] = leaves as [TreeNode, TreeNode, TreeNode];
  const leaf3 = await toyLeaf(setup, { i: 3, zIn: leaf2.D.zOut, w: 9n, pid: 14n });
  const m23 = await mergeNodes(setup, leaf2, leaf3, referenceRng("m23"));
  return { setup, tree, leaf0, leaf1, leaf2, leaf3, m01, m012, m23 };
});

/** x + 1 in F_p. */
export const next = (x: bigint): bigint => Fp.add(x, 1n);
