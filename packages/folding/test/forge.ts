// What an adversary does to nodes.

import { ELEMENT_BYTES, type Point, readElement, viewOf, writeElement } from "@foldmesh/algebra";
import { freshX } from "@foldmesh/circuits";
import { expect } from "vitest";
import { MergeRejected, type Setup, type TreeNode, mergeNodes } from "../src/index.ts";
import { commit } from "../src/setup.ts";
import { referenceRng } from "./support.ts";

export type Mutable<T> = T extends bigint | Uint8Array
  ? T
  : { -readonly [K in keyof T]: Mutable<T[K]> };

export type Edit = (node: Mutable<TreeNode>) => void;

/** A deep copy with an edit. */
export function edited(node: TreeNode, edit: Edit): TreeNode {
  const copy = structuredClone(node) as Mutable<TreeNode>;
  edit(copy);
  return copy as TreeNode;
}

/** An edit after which u.X is derived again, so that it matches the new statement. */
export const resealed = ({ permute, system }: Setup, node: TreeNode, edit: Edit): TreeNode =>
  edited(node, (copy) => {
    edit(copy);
    copy.u.X = freshX(permute, system.vk, copy.k, copy.D as TreeNode["D"]);
  });

/** An edit after which u.C commits to the new w. */
export async function recommitted(setup: Setup, node: TreeNode, edit: Edit): Promise<TreeNode> {
  const copy = edited(node, edit);
  const { engine, keys } = setup;
  const C = await setup.exclusive(() =>
    commit(engine, keys.w, engine.Fp.fromBytes(copy.w), copy.bw),
  );
  return { ...copy, u: { ...copy.u, C } };
}

/** An edit of φ after which Φ commits to it: only the relation is false. */
export async function recommittedPhi(setup: Setup, node: TreeNode, edit: Edit): Promise<TreeNode> {
  const copy = edited(node, edit);
  const { engine, keys } = setup;
  const { X, W, E, bX, bW, bE } = copy.phi;
  const F = engine.Fq;
  const Phi = await setup.exclusive(async () => ({
    CX: await commit(engine, keys.cfx, F.fromElements(X), bX),
    CW: await commit(engine, keys.cfw, F.fromBytes(W), bW),
    CE: await commit(engine, keys.cfw, F.fromBytes(E), bE),
  }));
  return { ...copy, D: { ...copy.D, Phi } };
}

export const elementOf = (bytes: Uint8Array, n: number): bigint =>
  readElement(viewOf(bytes), n * ELEMENT_BYTES);

export const setElement = (bytes: Uint8Array, n: number, x: bigint): void =>
  writeElement(viewOf(bytes), n * ELEMENT_BYTES, x);

export const asMutable = (point: Point | null): Mutable<Point> => [point![0], point![1]];

/** The checks that refuse the merge of L and R. */
export async function refusal(setup: Setup, L: TreeNode, R: TreeNode): Promise<readonly string[]> {
  try {
    await mergeNodes(setup, L, R, referenceRng("refused"));
  } catch (error) {
    expect(error).toBeInstanceOf(MergeRejected);
    return (error as MergeRejected).violated;
  }
  return ["ACCEPTED"];
}
