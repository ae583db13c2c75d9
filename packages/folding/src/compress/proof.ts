// A compressed proof and its canonical encoding: version 1 under a transparent key, version 2 under a KZG key.
// All sizes follow from the system, so there is not one length field.
//
//   magic "FMCOMP" | version u16be | vk 32 | k u8 | i u32be | j u32be | z a·32 | z' a·32 | pid 32
//   U: C 64, X (3+2a)·32, r s·32, v 96 | Φ: C_X 64, C_W 64, C_E 64 | u.C 64 | U_rnd as U
//   fold: S 32, rounds s·96, evaluations 288, y_U 32, y_g 32
//   opening: b' 32, then with ℓ = log₂(ipaLength)
//     version 1: (L 64, R 64)·ℓ, a 32
//     version 2: rounds ℓ·64, w 32, folds (ℓ−1)·32, values ℓ·32, quotient 32, witness 32
//   Φ's side: Φ_rnd 192, C_T 64, X' 12·32, b_X' 32, rounds 12·96, evaluations 128, products 64, blind 32,
//             (L 64, R 64)·12, a 32
//
// Field elements are 32 bytes little endian, points x ‖ y; in version 2 every point is packed into 32 bytes
// (`packPoint`), so what has 64 above has 32. u.X is not encoded: it is derived.

import {
  Fp,
  Fq,
  G1,
  Grumpkin,
  ELEMENT_BYTES,
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
import { Reader, packPoint } from "../reader.ts";
import { ipaLength } from "../setup.ts";
import { type Kind, type Shape, firstFault, statementChecks } from "../statement.ts";
import type { FinalFoldProof } from "./final-fold.ts";
import type { IpaProof } from "./ipa.ts";
import type { InnerMessage } from "./inner-sumcheck.ts";
import type { KZGOpening } from "./kzg-opening.ts";
import { type MainOpening, isIpa } from "./main-opening.ts";
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
  readonly opening: MainOpening;
  /** Φ's side. */
  readonly relaxed: RelaxedProof;
}

const MAGIC = new TextEncoder().encode("FMCOMP");
const ENCODING_VERSION = { transparent: 1, kzg: 2 } as const;
const HEADER_BYTES = MAGIC.length + 2 + ELEMENT_BYTES + 1;
const INDEX_BYTES = 4;

const mainRounds = (system: VerifierSystem): number => Math.log2(ipaLength(system));

/** Points are packed under a KZG key: its argument has more messages. */
const isPacked = ({ key }: VerifierSystem): boolean => key.kind === "kzg";

/** Points and elements of the opening. */
function openingCounts(system: VerifierSystem): { points: number; elements: number } {
  const rounds = mainRounds(system);
  return system.key.kind === "kzg"
    ? { points: rounds - 1 + 2, elements: 2 * rounds + 1 + rounds }
    : { points: 2 * rounds, elements: 1 };
}

/** Exact number of bytes of an encoded proof of this system: a constant of the program. */
export function proofBytes(system: VerifierSystem): number {
  const { a, s } = system;
  const opening = openingCounts(system);
  const points = 1 + 3 + 1 + 1 + opening.points + 4 + 2 * relaxedRounds(system);
  const running = instanceLength(a) + s + 3;
  const fold = 1 + 3 * s + 9 + 2;
  const relaxed = CYCLE_FOLD_PUBLIC + 1 + 3 * relaxedRounds(system) + 4 + 2 + 1 + 1;
  const elements = 2 * a + 1 + 2 * running + fold + 1 + opening.elements + relaxed;
  const perPoint = isPacked(system) ? 1 : 2;
  return HEADER_BYTES + 2 * INDEX_BYTES + ELEMENT_BYTES * (perPoint * points + elements);
}

// ---- writing

const u32be = (x: bigint): Uint8Array => {
  const bytes = new Uint8Array(INDEX_BYTES);
  viewOf(bytes).setUint32(0, Number(x));
  return bytes;
};

/** Elements that stand for points. */
type PointWriter = (...points: readonly Point[]) => bigint[];
const plainPoints: PointWriter = (...points) => points.flat();
const packedPoints: PointWriter = (...points) => points.map(packPoint);

const runningElements = (put: PointWriter, { C, X, r, v }: RunningInstance): bigint[] => [
  ...put(C),
  ...X,
  ...r,
  ...v,
];
const ipaElements = (put: PointWriter, { LR, a }: IpaProof): bigint[] => [...put(...LR.flat()), a];

const openingElements = (put: PointWriter, opening: MainOpening): bigint[] => {
  if (isIpa(opening)) return ipaElements(put, opening);
  const { rounds, w, folds, values, quotient, witness } = opening;
  return [...rounds.flat(), w, ...put(...folds), ...values, ...put(quotient, witness)];
};

const foldElements = ({ S, rounds, evals, yU, yG }: FinalFoldProof): bigint[] => [
  S,
  ...rounds.flat(),
  ...evals.flat(),
  yU,
  yG,
];

const relaxedElements = (put: PointWriter, proof: RelaxedProof): bigint[] => [
  ...put(proof.random.CX, proof.random.CW, proof.random.CE, proof.CT),
  ...proof.X,
  proof.bX,
  ...proof.rounds.flat(),
  ...proof.evals,
  ...proof.products,
  proof.blind,
  ...ipaElements(put, proof.ipa),
];

export function encodeProof(system: VerifierSystem, proof: CompressedProof): Uint8Array {
  const { k, D, C, Urnd, fold, blind, opening, relaxed } = proof;
  const version = ENCODING_VERSION[system.key.kind];
  const put = isPacked(system) ? packedPoints : plainPoints;
  return concatBytes(
    MAGIC,
    Uint8Array.of(version >> 8, version & 255),
    elementsToBytes([system.vk]),
    Uint8Array.of(Number(k)),
    u32be(D.i),
    u32be(D.j),
    elementsToBytes([...D.zIn, ...D.zOut, D.pid]),
    elementsToBytes([...runningElements(put, D.U), ...put(D.Phi.CX, D.Phi.CW, D.Phi.CE)]),
    elementsToBytes([...put(C), ...runningElements(put, Urnd), ...foldElements(fold)]),
    elementsToBytes([blind, ...openingElements(put, opening), ...relaxedElements(put, relaxed)]),
  );
}

// ---- reading

const decodeError = (message: string): FoldingError =>
  new FoldingError("DECODE", `not a compressed proof of this program: ${message}`);

function checkHeader(system: VerifierSystem, bytes: Uint8Array): Kind {
  if (!MAGIC.every((byte, n) => bytes[n] === byte)) throw decodeError("bad magic");
  const view = viewOf(bytes);
  const version = view.getUint16(MAGIC.length);
  const expected = ENCODING_VERSION[system.key.kind];
  if (version !== expected) {
    throw decodeError(
      `encoding version ${version}; this build reads ${expected} for a ${system.key.kind} key`,
    );
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

function readKZG(reader: Reader, rounds: number): KZGOpening {
  const name = "opening";
  const elements = (count: number): bigint[] => reader.elements(Fp, count, name);
  return {
    rounds: Array.from({ length: rounds }, () => elements(2) as unknown as InnerMessage),
    w: reader.element(Fp, name),
    folds: reader.points(G1, rounds - 1, name),
    values: elements(rounds),
    quotient: reader.point(G1, name),
    witness: reader.point(G1, name),
  };
}

const readOpening = (reader: Reader, system: VerifierSystem): MainOpening =>
  system.key.kind === "kzg"
    ? readKZG(reader, mainRounds(system))
    : readIpa(reader, G1, mainRounds(system), "opening");

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
  const reader = new Reader(bytes, HEADER_BYTES, decodeError, { packed: isPacked(system) });
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
    opening: readOpening(reader, system),
    relaxed: readRelaxed(reader, relaxedRounds(system)),
  };
}
