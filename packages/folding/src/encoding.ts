// The canonical encoding of a node, version 1. All sizes follow from the system, so there is not one
// length field, and bytes that decode to a node are the only ones that do.
//
//   magic "FMNODE" | version u16be | vk 32 | k u8 | body
//   body: i u32be | j u32be | z a·32 | z' a·32 | pid 32 | U: C 64, X (3+2a)·32, r s·32, v 96
//         | Φ: C_X 64, C_W 64, C_E 64 | u.C 64 | b_w 32 | w n·32 | b_W 32 | W n·32
//         | φ: X 12·32, b_X 32, b_W 32, b_E 32, W 32·n_CF, E 32·m_CF
//
// Field elements are 32 bytes little endian. u.X is not encoded: it is derived (§6 (4)).

import {
  ELEMENT_BYTES,
  Fp,
  Fq,
  G1,
  Grumpkin,
  type Permutation,
  concatBytes,
  elementsToBytes,
  readElement,
  viewOf,
} from "@foldmesh/algebra";
import { CYCLE_FOLD_PUBLIC, type Statement, freshX, instanceLength } from "@foldmesh/circuits";
import { FoldingError } from "./errors.ts";
import { type TreeNode, formFault } from "./node.ts";
import { Reader } from "./reader.ts";
import { isKind } from "./statement.ts";
import type { System } from "./system.ts";

const MAGIC = new TextEncoder().encode("FMNODE");
const ENCODING_VERSION = 1;
const HEADER_BYTES = MAGIC.length + 2 + ELEMENT_BYTES + 1;

/** Exact number of bytes of an encoded node of this system. */
export function nodeBytes({ a, s, dims }: System): number {
  const elements =
    2 * a +
    1 + // z, z', pid
    (2 + instanceLength(a) + s + 3) + // U
    6 + // Φ
    2 + // u.C
    2 * (1 + dims.witness) +
    (CYCLE_FOLD_PUBLIC + 3 + dims.cycleFoldWitness + dims.cycleFoldRows);
  return HEADER_BYTES + 8 + ELEMENT_BYTES * elements;
}

const u32be = (x: bigint): Uint8Array => {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, Number(x));
  return bytes;
};

export function encodeNode(system: System, node: TreeNode): Uint8Array {
  const { k, D, u, phi } = node;
  const { U, Phi } = D;
  const version = Uint8Array.of(ENCODING_VERSION >> 8, ENCODING_VERSION & 255);
  return concatBytes(
    MAGIC,
    version,
    elementsToBytes([system.vk]),
    Uint8Array.of(Number(k)),
    u32be(D.i),
    u32be(D.j),
    elementsToBytes([...D.zIn, ...D.zOut, D.pid, ...U.C, ...U.X, ...U.r, ...U.v]),
    elementsToBytes([...Phi.CX, ...Phi.CW, ...Phi.CE, ...u.C, node.bw]),
    node.w,
    elementsToBytes([node.bW]),
    node.W,
    elementsToBytes([...phi.X, phi.bX, phi.bW, phi.bE]),
    phi.W,
    phi.E,
  );
}

const decodeError = (message: string): FoldingError =>
  new FoldingError("DECODE", `not a node of this program: ${message}`);

/**
 * Strict inverse of `encodeNode`; the size is checked before anything is read. A decoded node is well
 * formed but **not verified**.
 * @throws FoldingError DECODE
 */
export function decodeNode(system: System, permute: Permutation, bytes: Uint8Array): TreeNode {
  const expected = nodeBytes(system);
  if (bytes.length !== expected) {
    throw decodeError(`expected ${expected} bytes, got ${bytes.length}`);
  }
  const k = checkHeader(system, bytes);
  const { a, s, dims } = system;
  const reader = new Reader(bytes, HEADER_BYTES, decodeError);
  const D: Statement = {
    i: reader.index(),
    j: reader.index(),
    zIn: reader.elements(Fp, a, "z"),
    zOut: reader.elements(Fp, a, "z'"),
    pid: reader.element(Fp, "pid"),
    U: {
      C: reader.point(G1, "U.C"),
      X: reader.elements(Fp, instanceLength(a), "U.X"),
      r: reader.elements(Fp, s, "U.r"),
      v: reader.triple(Fp, "U.v"),
    },
    Phi: {
      CX: reader.point(Grumpkin, "Phi.CX"),
      CW: reader.point(Grumpkin, "Phi.CW"),
      CE: reader.point(Grumpkin, "Phi.CE"),
    },
  };
  const C = reader.point(G1, "u.C");
  const node: TreeNode = {
    k,
    D,
    u: { C, X: freshX(permute, system.vk, k, D) },
    bw: reader.element(Fp, "b_w"),
    w: reader.bytes(ELEMENT_BYTES * dims.witness),
    bW: reader.element(Fp, "b_W"),
    W: reader.bytes(ELEMENT_BYTES * dims.witness),
    phi: {
      X: reader.elements(Fq, CYCLE_FOLD_PUBLIC, "phi.X"),
      bX: reader.element(Fq, "phi.b_X"),
      bW: reader.element(Fq, "phi.b_W"),
      bE: reader.element(Fq, "phi.b_E"),
      W: reader.bytes(ELEMENT_BYTES * dims.cycleFoldWitness),
      E: reader.bytes(ELEMENT_BYTES * dims.cycleFoldRows),
    },
  };
  const fault = formFault(system, node);
  if (fault !== null) throw decodeError(`${fault} is malformed`);
  return node;
}

function checkHeader(system: System, bytes: Uint8Array): 0n | 1n {
  if (!MAGIC.every((byte, n) => bytes[n] === byte)) throw decodeError("bad magic");
  const view = viewOf(bytes);
  const version = view.getUint16(MAGIC.length);
  if (version !== ENCODING_VERSION) {
    throw decodeError(`encoding version ${version}; this build reads ${ENCODING_VERSION}`);
  }
  if (readElement(view, MAGIC.length + 2) !== system.vk) {
    throw decodeError("it belongs to another program, context or number of steps per leaf");
  }
  const k = BigInt(bytes[HEADER_BYTES - 1]!);
  if (!isKind(k)) throw decodeError(`kind must be 0 or 1, got ${k}`);
  return k;
}
