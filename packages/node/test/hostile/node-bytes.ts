// Lies in the bytes of a real node, each where one check alone can find it. The layout is folding's encoding:
//   header 41 | i, j 8 | z a | z' a | pid 1 | U: C 2, X 3+2a, r s, v 3 | Φ 6 | u.C 2 | b_w 1 | w …   (elements of 32 bytes)

import {
  ELEMENT_BYTES,
  Fp,
  G1,
  type Point,
  generators,
  pointsFromBytes,
  pointsToBytes,
  readElement,
  viewOf,
  writeElement,
} from "@foldmesh/algebra";
import type { Range } from "@foldmesh/protocol";

/** What a node's layout depends on. */
export interface Layout {
  /** elements of the state */
  readonly a: number;
  /** log₂ of the rows */
  readonly s: number;
}

const HEADER = 41;
const START = HEADER + 8;

const commitmentAt = ({ a, s }: Layout): number =>
  START + ELEMENT_BYTES * (2 * a + 1 + 2 + (3 + 2 * a) + s + 3 + 6);
const witnessAt = (layout: Layout): number => commitmentAt(layout) + 3 * ELEMENT_BYTES;

/** The leaves that a node says it stands for. */
export function rangeOf(node: Uint8Array): Range {
  const view = viewOf(node);
  return { start: view.getUint32(HEADER), end: view.getUint32(HEADER + 4) };
}

/** The commitment to w moved by a generator: a point like any other, of nothing that is there. */
export function withWrongCommitment(node: Uint8Array, layout: Layout): Uint8Array {
  const lie = node.slice();
  moveCommitment(lie, layout);
  return lie;
}

/** w[0] changed, and its commitment with it: it opens, but the witness satisfies nothing. */
export function withWrongWitness(node: Uint8Array, layout: Layout): Uint8Array {
  const lie = node.slice();
  const [view, at] = [viewOf(lie), witnessAt(layout)];
  writeElement(view, at, Fp.add(readElement(view, at), 1n));
  moveCommitment(lie, layout);
  return lie;
}

function moveCommitment(node: Uint8Array, layout: Layout): void {
  const at = commitmentAt(layout);
  const [C] = pointsFromBytes(G1, node.subarray(at, at + 2 * ELEMENT_BYTES)) as [Point];
  const [first] = generators(G1, "w", 1) as [Point];
  node.set(pointsToBytes([G1.add(C, first)!]), at);
}
