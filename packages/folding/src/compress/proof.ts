// A compressed proof and its canonical encoding, version 1. All sizes follow from the system, so there is
// not one length field.
//
//   magic "FMCOMP" | version u16be | vk 32 | k u8 | i u32be | j u32be | z a·32 | z' a·32 | pid 32
//   U: C 64, X (3+2a)·32, r s·32, v 96 | Φ: C_X 64, C_W 64, C_E 64 | u.C 64 | U_rnd as U
//   fold: S 32, rounds s·96, evaluations 288, y_U 32, y_g 32
//   opening: b' 32, (L 64, R 64) for each of log₂(ipaLength) rounds, a 32
//   Φ's side: Φ_rnd 192, C_T 64, X' 12·32, b_X' 32, rounds 12·96, evaluations 128, products 64, blind 32,
//             (L 64, R 64)·12, a 32
//
// Field elements are 32 bytes little endian, points x ‖ y. u.X is not encoded: it is derived.

import {
  Fp,
  Fq,
  G1,
  Grumpkin,
  ELEMENT_BYTES,
  POINT_BYTES,
  type Curve,
  type Point,
  type PrimeField,
  concatBytes,
  elementsToBytes,
  readElement,
  viewOf,
} from "@foldmesh/algebra";
import {
  CYCLE_FOLD_PUBLIC,
  type CycleFoldInstance,
  type Quad,
  type RunningInstance,
  type Statement,
  instanceLength,
} from "@foldmesh/circuits";
import { FoldingError } from "../errors.ts";
import type { RoundMessage } from "../multifold.ts";
import { Reader } from "../reader.ts";
import { ipaLength } from "../setup.ts";
import { type Kind, type Shape, firstFault, statementChecks } from "../statement.ts";
import type { FinalFoldProof } from "./final-fold.ts";
import type { IpaProof } from "./ipa.ts";
import { type RelaxedProof, relaxedRounds } from "./relaxed.ts";
import type { VerifierSystem } from "./verifier-key.ts";

/** A short proof of a node's statement, which hides its witness. */
export interface CompressedProof {
  readonly k: Kind;
  readonly D: Statement;
  /** Commitment of the fresh instance; its X is derived. */
  readonly C: Point;
  /** The uniform running instance of the last fold. */
  readonly Urnd: RunningInstance;
  readonly fold: FinalFoldProof;
  /** b' */
  readonly blind: bigint;
  readonly ipa: IpaProof;
  /** Φ's side. */
  readonly relaxed: RelaxedProof;
}

const MAGIC = new TextEncoder().encode("FMCOMP");
const ENCODING_VERSION = 1;
const HEADER_BYTES = MAGIC.length + 2 + ELEMENT_BYTES + 1;
const INDEX_BYTES = 4;

const mainRounds = (system: VerifierSystem): number => Math.log2(ipaLength(system));

/** Exact number of bytes of an encoded proof of this system: a constant of the program. */
export function proofBytes(system: VerifierSystem): number {
  const { a, s } = system;
  const points = 1 + 3 + 1 + 1 + 2 * mainRounds(system) + 4 + 2 * relaxedRounds(system);
  const running = instanceLength(a) + s + 3;
  const fold = 1 + 3 * s + 9 + 2;
  const relaxed = CYCLE_FOLD_PUBLIC + 1 + 3 * relaxedRounds(system) + 4 + 2 + 1 + 1;
  const elements = 2 * a + 1 + 2 * running + fold + 2 + relaxed;
  return HEADER_BYTES + 2 * INDEX_BYTES + POINT_BYTES * points + ELEMENT_BYTES * elements;
}

// ---- writing

const u32be = (x: bigint): Uint8Array => {
  const bytes = new Uint8Array(INDEX_BYTES);
  viewOf(bytes).setUint32(0, Number(x));
  return bytes;
};

const runningElements = ({ C, X, r, v }: RunningInstance): bigint[] => [...C, ...X, ...r, ...v];
const cycleFoldElements = ({ CX, CW, CE }: CycleFoldInstance): bigint[] => [...CX, ...CW, ...CE];
const ipaElements = ({ LR, a }: IpaProof): bigint[] => [...LR.flat(2), a];

const foldElements = ({ S, rounds, evals, yU, yG }: FinalFoldProof): bigint[] => [
  S,
  ...rounds.flat(),
  ...evals.flat(),
  yU,
  yG,
];

const relaxedElements = (proof: RelaxedProof): bigint[] => [
  ...cycleFoldElements(proof.random),
  ...proof.CT,
  ...proof.X,
  proof.bX,
  ...proof.rounds.flat(),
  ...proof.evals,
  ...proof.products,
  proof.blind,
  ...ipaElements(proof.ipa),
];

export function encodeProof(system: VerifierSystem, proof: CompressedProof): Uint8Array {
  const { k, D, C, Urnd, fold, blind, ipa, relaxed } = proof;
  return concatBytes(
    MAGIC,
    Uint8Array.of(ENCODING_VERSION >> 8, ENCODING_VERSION & 255),
    elementsToBytes([system.vk]),
    Uint8Array.of(Number(k)),
    u32be(D.i),
    u32be(D.j),
    elementsToBytes([...D.zIn, ...D.zOut, D.pid]),
    elementsToBytes([...runningElements(D.U), ...cycleFoldElements(D.Phi)]),
    elementsToBytes([...C, ...runningElements(Urnd), ...foldElements(fold)]),
    elementsToBytes([blind, ...ipaElements(ipa), ...relaxedElements(relaxed)]),
  );
}

// ---- reading

const decodeError = (message: string): FoldingError =>
  new FoldingError("DECODE", `not a compressed proof of this program: ${message}`);

function checkHeader(system: VerifierSystem, bytes: Uint8Array): Kind {
  if (!MAGIC.every((byte, n) => bytes[n] === byte)) throw decodeError("bad magic");
  const view = viewOf(bytes);
  const version = view.getUint16(MAGIC.length);
  if (version !== ENCODING_VERSION) {
    throw decodeError(`encoding version ${version}; this build reads ${ENCODING_VERSION}`);
  }
  if (readElement(view, MAGIC.length + 2) !== system.vk) {
    throw decodeError("it belongs to another program, context or number of steps per leaf");
  }
  return BigInt(bytes[HEADER_BYTES - 1]!) as Kind; // checked with the statement
}

const readRunning = (reader: Reader, { a, s }: Shape, name: string): RunningInstance => ({
  C: reader.point(G1, `${name}.C`),
  X: reader.elements(Fp, instanceLength(a), `${name}.X`),
  r: reader.elements(Fp, s, `${name}.r`),
  v: reader.triple(Fp, `${name}.v`),
});

const readCycleFold = (reader: Reader, name: string): CycleFoldInstance => ({
  CX: reader.point(Grumpkin, `${name}.C_X`),
  CW: reader.point(Grumpkin, `${name}.C_W`),
  CE: reader.point(Grumpkin, `${name}.C_E`),
});

const readRounds = (reader: Reader, field: PrimeField, n: number, name: string): RoundMessage[] =>
  Array.from({ length: n }, () => reader.triple(field, name));

const readFold = (reader: Reader, s: number): FinalFoldProof => ({
  S: reader.element(Fp, "S"),
  rounds: readRounds(reader, Fp, s, "fold rounds"),
  evals: [
    reader.triple(Fp, "fold evaluations"),
    reader.triple(Fp, "fold evaluations"),
    reader.triple(Fp, "fold evaluations"),
  ],
  yU: reader.element(Fp, "y_U"),
  yG: reader.element(Fp, "y_g"),
});

const readIpa = (reader: Reader, curve: Curve, rounds: number, name: string): IpaProof => ({
  LR: Array.from({ length: rounds }, () => [
    reader.point(curve, `${name}'s L`),
    reader.point(curve, `${name}'s R`),
  ]),
  a: reader.element(curve.scalar, `${name}'s scalar`),
});

const readRelaxed = (reader: Reader, rounds: number): RelaxedProof => ({
  random: readCycleFold(reader, "Phi_rnd"),
  CT: reader.point(Grumpkin, "C_T"),
  X: reader.elements(Fq, CYCLE_FOLD_PUBLIC, "X'"),
  bX: reader.element(Fq, "b_X'"),
  rounds: readRounds(reader, Fq, rounds, "relation rounds"),
  evals: reader.elements(Fq, 4, "relation evaluations") as unknown as Quad<bigint>,
  products: [reader.element(Fq, "products"), reader.element(Fq, "products")],
  blind: reader.element(Fq, "Phi's blind"),
  ipa: readIpa(reader, Grumpkin, rounds, "Phi's opening"),
});

/**
 * Strict inverse of `encodeProof`: exact size, canonical elements, points on their curves, the range and
 * the leaf rule. A decoded proof is well formed but **not verified**.
 * @throws FoldingError DECODE
 */
export function decodeProof(system: VerifierSystem, bytes: Uint8Array): CompressedProof {
  const expected = proofBytes(system);
  if (!(bytes instanceof Uint8Array)) throw decodeError("no bytes");
  if (bytes.length !== expected) {
    throw decodeError(`expected ${expected} bytes, got ${bytes.length}`);
  }
  const k = checkHeader(system, bytes);
  const { a, s } = system;
  const reader = new Reader(bytes, HEADER_BYTES, decodeError);
  const D: Statement = {
    i: reader.index(),
    j: reader.index(),
    zIn: reader.elements(Fp, a, "z"),
    zOut: reader.elements(Fp, a, "z'"),
    pid: reader.element(Fp, "pid"),
    U: readRunning(reader, system, "U"),
    Phi: readCycleFold(reader, "Phi"),
  };
  const fault = firstFault(statementChecks(system, k, D));
  if (fault !== null) throw decodeError(`${fault} is malformed`);
  return {
    k,
    D,
    C: reader.point(G1, "u.C"),
    Urnd: readRunning(reader, system, "U_rnd"),
    fold: readFold(reader, s),
    blind: reader.element(Fp, "b'"),
    ipa: readIpa(reader, G1, mainRounds(system), "opening"),
    relaxed: readRelaxed(reader, relaxedRounds(system)),
  };
}
