// A program's verifying key as one file, the same for every proof of the program: version 1 with a transparent
// key, version 2 with a KZG key.
//
//   magic "FMVKEY" | version u16be | vk 32 | context 32 | KZG key | generators | step circuit | w
//   KZG key: nothing, or SHA-256 of the bases 32 | [τ]₂ 128      w: n·64, or nothing
//   generators: h 64 | cfh 64 | cfoff 64 | cfx 12·64 | cfw u32 count, ·64
//   step circuit: rows u32 | columns u32 | publicCount u32 | A | B | C
//   matrix: entries u32 | coefficients u32 | row starts u32·(rows+1) | columns u32·entries | indices u32·entries
//           | coefficients ·32
//
// All integers are little endian but the version. The merge circuit and everything else follow from the
// step circuit. Generators are constants of the protocol and are held to them, as far as they are known here: the small
// ones, and 2^18 of w. A file is then only as good as where its circuit comes from, and its powers of tau.

import {
  ELEMENT_BYTES,
  AlgebraError,
  Fp,
  G1,
  G2_BYTES,
  Grumpkin,
  POINT_BYTES,
  type Permutation,
  type Point,
  type SparseMatrix,
  concatBytes,
  elementsToBytes,
  g2FromBytes,
  g2ToBytes,
  pointsToBytes,
  viewOf,
} from "@foldmesh/algebra";
import { CYCLE_FOLD_PUBLIC } from "@foldmesh/circuits";
import { MATRICES, type R1CS, R1CSError } from "@foldmesh/r1cs";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { FoldingError } from "../errors.ts";
import { type KeyIdentity, TRANSPARENT } from "../key.ts";
import { Reader } from "../reader.ts";
import { areKnownBases } from "../bases.ts";
import {
  GENERATORS_DIGEST,
  type Structures,
  type System,
  type SystemGenerators,
  deriveSystem,
  digestGenerators,
} from "../system.ts";
import { verifierBases } from "./verifier-key.ts";

const MAGIC = new TextEncoder().encode("FMVKEY");
const ENCODING_VERSION = { transparent: 1, kzg: 2 } as const;
const DIGEST_BYTES = 32;
const HEADER_BYTES = MAGIC.length + 2;

/** What `loadVerifierKey` takes. */
export interface VerifierKeyFile {
  readonly system: System;
  readonly structures: Structures;
  /** Generators w, `verifierBases(system)` of them. */
  readonly bases: Uint8Array;
}

/** What a file is named and pinned by: SHA-256 in lower-case hex. */
export const verifierKeyDigest = (bytes: Uint8Array): string => bytesToHex(sha256(bytes));

// ---- writing

const u32s = (values: ArrayLike<number>): Uint8Array => {
  const bytes = new Uint8Array(4 * values.length);
  const view = viewOf(bytes);
  for (let n = 0; n < values.length; n++) view.setUint32(4 * n, values[n]!, true);
  return bytes;
};

const encodeMatrix = ({ rowStart, column, coefficient, table }: SparseMatrix): Uint8Array =>
  concatBytes(
    u32s([column.length, table.length]),
    u32s(rowStart),
    u32s(column),
    u32s(coefficient),
    elementsToBytes(table),
  );

const encodeIdentity = (key: KeyIdentity): Uint8Array =>
  key.kind === "kzg" ? concatBytes(hexToBytes(key.bases), g2ToBytes(key.tau2)) : new Uint8Array(0);

/** Bytes of w at the end of a file: the first power of tau is the generator, which all know. */
const basesBytes = (system: System): number =>
  system.key.kind === "kzg" ? 0 : POINT_BYTES * verifierBases(system);

/**
 * @param step the circuit that `system` was derived from
 * @param bases generators w, at least `verifierBases(system)`
 */
export function encodeVerifierKey(system: System, step: R1CS, bases: Uint8Array): Uint8Array {
  const { h, cfh, cfoff, cfx, cfw } = system.generators;
  const version = ENCODING_VERSION[system.key.kind];
  return concatBytes(
    MAGIC,
    Uint8Array.of(version >> 8, version & 255),
    elementsToBytes([system.vk, system.context]),
    encodeIdentity(system.key),
    pointsToBytes([h, cfh, cfoff, ...cfx]),
    u32s([cfw.length]),
    pointsToBytes(cfw),
    u32s([step.A.rows, step.columns, step.publicCount]),
    ...MATRICES.map((name) => encodeMatrix(step[name])),
    bases.subarray(0, basesBytes(system)),
  );
}

// ---- reading

const decodeError = (message: string): FoldingError =>
  new FoldingError("DECODE", `not a verifying key: ${message}`);

function readKZGKey(reader: Reader): KeyIdentity {
  const bases = bytesToHex(reader.bytes(DIGEST_BYTES));
  const bytes = reader.bytes(G2_BYTES);
  try {
    return { kind: "kzg", bases, tau2: g2FromBytes(bytes) };
  } catch (error) {
    if (!(error instanceof AlgebraError)) throw error;
    throw decodeError("[tau] is not a point of G2");
  }
}

const readGenerators = (reader: Reader): SystemGenerators => ({
  h: reader.point(G1, "h"),
  cfh: reader.point(Grumpkin, "cfh"),
  cfoff: reader.point(Grumpkin, "cfoff"),
  cfx: reader.points(Grumpkin, CYCLE_FOLD_PUBLIC, "cfx"),
  cfw: readList(reader),
});

const readList = (reader: Reader): Point[] =>
  reader.points(Grumpkin, reader.count(POINT_BYTES), "cfw");

function readMatrix(reader: Reader, rows: number, columns: number): SparseMatrix {
  const entries = reader.count(8);
  const coefficients = reader.count(ELEMENT_BYTES);
  const matrix = {
    rows,
    columns,
    rowStart: reader.words(rows + 1),
    column: reader.words(entries),
    coefficient: reader.words(entries),
    table: reader.elements(Fp, coefficients, "a coefficient"),
  };
  const { rowStart, coefficient } = matrix;
  const ascends = rowStart.every((start, x) => start >= (x === 0 ? 0 : rowStart[x - 1]!));
  if (!ascends || rowStart[0] !== 0 || rowStart[rows] !== entries) {
    throw decodeError("rows of a matrix do not follow each other");
  }
  if (!coefficient.every((index) => index < coefficients)) {
    throw decodeError("a coefficient is missing");
  }
  return matrix;
}

function readStep(reader: Reader): R1CS {
  const rows = reader.count(4);
  const columns = reader.word();
  const publicCount = reader.word();
  const matrix = (): SparseMatrix => readMatrix(reader, rows, columns);
  return { field: Fp, columns, publicCount, A: matrix(), B: matrix(), C: matrix() };
}

/**
 * Reads a verifying key and derives its system: about half a second.
 * @param digest what the caller pins, see `verifierKeyDigest`; nothing is read of other bytes. Undefined where a file
 *   around it was compared already.
 * @throws FoldingError DECODE
 * @example
 * const { system, structures, bases } = decodeVerifierKey(file, PINNED, plainPoseidon());
 * const key = loadVerifierKey(engine, system, structures, bases);
 */
export function decodeVerifierKey(
  bytes: Uint8Array,
  digest: string | undefined,
  permute: Permutation,
): VerifierKeyFile {
  const found = digest === undefined ? digest : verifierKeyDigest(bytes);
  if (found !== digest) throw decodeError(`its SHA-256 is ${found}, expected ${digest}`);
  if (bytes.length < HEADER_BYTES) throw decodeError(`it has only ${bytes.length} bytes`);
  if (!MAGIC.every((byte, n) => bytes[n] === byte)) throw decodeError("bad magic");
  const version = viewOf(bytes).getUint16(MAGIC.length);
  const { transparent, kzg } = ENCODING_VERSION;
  if (version !== transparent && version !== kzg) {
    throw decodeError(`encoding version ${version}; this build reads ${transparent} and ${kzg}`);
  }
  const reader = new Reader(bytes, HEADER_BYTES, decodeError);
  const vk = reader.element(Fp, "vk");
  const context = reader.element(Fp, "context");
  const key = version === kzg ? readKZGKey(reader) : TRANSPARENT;
  const generators = readGenerators(reader);
  if (digestGenerators(generators) !== GENERATORS_DIGEST) {
    throw decodeError("its small generators are not those of the protocol");
  }
  const step = readStep(reader);
  const derived = derive(() => deriveSystem({ step, context, key, generators, permute }));
  if (derived.system.vk !== vk) throw decodeError("it was made by another version of the protocol");
  const length = basesBytes(derived.system);
  if (reader.remaining !== length) {
    throw decodeError(`expected ${length} bytes of generators, got ${reader.remaining}`);
  }
  const bases = version === kzg ? pointsToBytes([[1n, 2n]]) : reader.bytes(length);
  if (version === transparent && !areKnownBases(bases)) {
    throw decodeError("its generators are not those of the protocol");
  }
  return { ...derived, bases };
}

/** A circuit that is none is a fault of the file. */
function derive<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof FoldingError || error instanceof R1CSError)) throw error;
    throw decodeError(error.message);
  }
}
