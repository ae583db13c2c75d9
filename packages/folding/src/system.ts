// Public parameters: everything that prover and verifier derive from (step circuit, context).
//
// S is block diagonal over z = X ‖ W with X = (u_F, z', z, u_M, h). Columns: X | step private | merge
// witness | m₁ m₂ m₃ | 3s+1 Libra columns. Rows: step | merge | m₁·0 = 0, 0·m₂ = 0, m₃·(u_F+u_M) = m₃,
// then implicit zero rows up to 2^s. No row mentions the Libra columns (§2).

import {
  Fp,
  G1,
  Grumpkin,
  type Permutation,
  type Point,
  type SparseMatrix,
  TAG,
  generators,
  hashChain,
  pointsToBytes,
} from "@foldmesh/algebra";
import {
  CYCLE_FOLD_PUBLIC,
  type MergeTables,
  cycleFoldStructure,
  instanceLength,
  mergeStructure,
  mergeTables,
} from "@foldmesh/circuits";
import {
  type Hash,
  type MATRICES,
  MatrixBuilder,
  type R1CS,
  type Row,
  checkStructure,
  digestStructure,
  stackMatrices,
} from "@foldmesh/r1cs";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { FoldingError } from "./errors.ts";
import { type KeyIdentity, TRANSPARENT, srsHash } from "./key.ts";
import { MASK_ROWS, MAX_LOG_ROWS, leafSize, libraCount } from "./size.ts";
import type { Shape } from "./statement.ts";

/** Version of the protocol, absorbed in vk. */
export const VERSION = 1n;
/** Its place in the vk of a program with a KZG key. */
const KZG_VERSION = VERSION + (1n << 32n);

/**
 * SHA-256 of h, cfx, cfw, cfh, cfoff as points of 64 bytes. vk follows from none of h, cfw and cfh, and whoever chooses
 * one of them, or a base of w, proves anything: they are compared with this, and the beginning of w with
 * `BASES_DIGESTS`, wherever they come from outside.
 */
export const GENERATORS_DIGEST = "aa19c7a1e25b31fb6010ff06777cd91a551ab01bfbb00bc0449cb2136248555c";

export const digestGenerators = ({ h, cfx, cfw, cfh, cfoff }: SystemGenerators): string =>
  bytesToHex(sha256(pointsToBytes([h, ...cfx, ...cfw, cfh, cfoff])));

/** Small generators; the long list w lives in the engine's commitment key. */
export interface SystemGenerators {
  /** Blinding base on G1. */
  readonly h: Point;
  /** CycleFold public input, witness and error, blinding; offsets of the fixed-base tables: on Grumpkin. */
  readonly cfx: readonly Point[];
  readonly cfw: readonly Point[];
  readonly cfh: Point;
  readonly cfoff: Point;
}

export interface Dimensions {
  readonly stepRows: number;
  readonly stepWitness: number;
  readonly mergeRows: number;
  readonly mergeWitness: number;
  /** Real rows of S, mask rows included; padded to 2^s. */
  readonly rows: number;
  /** Length of a witness W of S. */
  readonly witness: number;
  /** Position of m₁ in a witness. */
  readonly maskStart: number;
  readonly libraStart: number;
  /** 3s+1. */
  readonly libraCount: number;
  readonly cycleFoldRows: number;
  readonly cycleFoldWitness: number;
}

/** Plain data: everything about a program but its matrices. */
export interface System extends Shape {
  /** 0 for proofs that may be reused between jobs, or a job's id (mod p). */
  readonly context: bigint;
  /** Of the commitments on G1. */
  readonly key: KeyIdentity;
  readonly dims: Dimensions;
  /** Constants of the merge circuit. */
  readonly tables: MergeTables;
  readonly generators: SystemGenerators;
  readonly digestS: bigint;
  readonly digestCF: bigint;
  /**
   * Digest over (version, s, a, digest(S), digest(CF), context), and of a KZG key over a version of its own and
   * the key; the generators' DSTs are part of the version.
   */
  readonly vk: bigint;
}

/** The matrices, which an engine takes once. */
export interface Structures {
  readonly S: R1CS;
  readonly CF: R1CS;
}

/** Derives the small generators: about 2,500 hash-to-curve, two seconds. Keep the result. */
export function systemGenerators(): SystemGenerators {
  const CF = cycleFoldStructure();
  return {
    h: generators(G1, "h", 1)[0]!,
    cfx: generators(Grumpkin, "cfx", CYCLE_FOLD_PUBLIC),
    cfw: generators(Grumpkin, "cfw", Math.max(CF.columns - CYCLE_FOLD_PUBLIC, CF.A.rows)),
    cfh: generators(Grumpkin, "cfh", 1)[0]!,
    cfoff: generators(Grumpkin, "cfoff", 1)[0]!,
  };
}

export interface SystemInit {
  /** Columns [1, z'(a), z(a), private…]: circom's order. */
  readonly step: R1CS;
  readonly context?: bigint;
  /** Default: transparent. How long a KZG key must be is only known from a system: see `withKey`. */
  readonly key?: KeyIdentity;
  readonly generators: SystemGenerators;
  readonly permute: Permutation;
  /** Default: SHA-256 in JavaScript. */
  readonly hash?: Hash;
}

/**
 * Public parameters of one program.
 * @throws FoldingError STEP when the circuit has not exactly 1 + 2a public columns with 1 ≤ a ≤ 4, or is too large
 * @throws R1CSError MALFORMED
 */
export function deriveSystem({
  step,
  context = 0n,
  key = TRANSPARENT,
  generators: gens,
  permute,
  hash,
}: SystemInit): {
  readonly system: System;
  readonly structures: Structures;
} {
  const a = stateSizeOf(step);
  if (!Fp.isCanonical(context)) throw new FoldingError("STEP", "context must be an element of F_p");
  checkStructure(step);
  const CF = cycleFoldStructure();
  const tables = mergeTables(gens.cfx, gens.cfoff);
  const s = logRowsOf(step, a);
  const merge = mergeStructure(a, s, tables).structure;
  const S = joinBlocks(a, s, step, merge);
  const digestS = digestStructure(S, hash);
  const digestCF = digestStructure(CF, hash);
  const dims = dimensionsOf(s, step, merge, { S, CF });
  const parts = { a, s, context, dims, tables, generators: gens, digestS, digestCF };
  return { system: withKey(permute, parts, key), structures: { S, CF } };
}

/** The system of the same program under another commitment key: another vk, everything else the same. */
export function withKey(
  permute: Permutation,
  parts: Omit<System, "key" | "vk">,
  key: KeyIdentity,
): System {
  const { s, a, digestS, digestCF, context } = parts;
  const isKZG = key.kind === "kzg";
  const head = [isKZG ? KZG_VERSION : VERSION, BigInt(s), BigInt(a), digestS, digestCF, context];
  const tail = isKZG ? [Fp.reduce(srsHash(key))] : [];
  return { ...parts, key, vk: hashChain(permute, TAG.vk, [...head, ...tail]) };
}

function stateSizeOf(step: R1CS): number {
  const a = (step.publicCount - 1) / 2;
  if (![1, 2, 3, 4].includes(a)) {
    throw new FoldingError(
      "STEP",
      `a step circuit has 1 + 2a public columns with 1 ≤ a ≤ 4; this one has ${step.publicCount}`,
    );
  }
  return a;
}

function logRowsOf({ A, columns, publicCount }: R1CS, a: number): number {
  const witness = columns - publicCount;
  const size = leafSize({ a, rows: A.rows, witness });
  if (size !== null) return size.s;
  throw new FoldingError(
    "STEP",
    `a leaf of ${A.rows} constraints and ${witness} wires does not fit in 2^${MAX_LOG_ROWS} rows and columns: split the step or take fewer steps per leaf`,
  );
}

function joinBlocks(a: number, s: number, step: R1CS, merge: R1CS): R1CS {
  const xLength = instanceLength(a);
  const stepPrivate = step.columns - step.publicCount;
  const stepColumn = (c: number): number =>
    c < step.publicCount ? c : xLength + c - step.publicCount;
  const mergeColumn = (c: number): number =>
    c < merge.publicCount ? step.publicCount + c : xLength + stepPrivate + c - merge.publicCount;
  const m1 = xLength + stepPrivate + merge.columns - merge.publicCount;
  const columns = m1 + MASK_ROWS + libraCount(s);
  const mask = maskRows(m1, 0, step.publicCount);
  const join = (name: (typeof MATRICES)[number]): SparseMatrix => {
    const masks = new MatrixBuilder();
    for (const row of mask[name]) masks.push(row);
    return stackMatrices(columns, [
      { matrix: step[name], column: stepColumn },
      { matrix: merge[name], column: mergeColumn },
      { matrix: masks.build(columns), column: (c) => c },
    ]);
  };
  const [A, B, C] = [join("A"), join("B"), join("C")];
  return { field: Fp, columns, publicCount: xLength, A, B, C };
}

const maskRows = (
  m1: number,
  uF: number,
  uM: number,
): Record<(typeof MATRICES)[number], Row[]> => ({
  A: [[[m1, 1n]], [], [[m1 + 2, 1n]]],
  B: [
    [],
    [[m1 + 1, 1n]],
    [
      [uF, 1n],
      [uM, 1n],
    ],
  ],
  C: [[], [], [[m1 + 2, 1n]]],
});

function dimensionsOf(s: number, step: R1CS, merge: R1CS, { S, CF }: Structures): Dimensions {
  const witness = S.columns - S.publicCount;
  const libra = libraCount(s);
  return {
    stepRows: step.A.rows,
    stepWitness: step.columns - step.publicCount,
    mergeRows: merge.A.rows,
    mergeWitness: merge.columns - merge.publicCount,
    rows: S.A.rows,
    witness,
    maskStart: witness - libra - MASK_ROWS,
    libraStart: witness - libra,
    libraCount: libra,
    cycleFoldRows: CF.A.rows,
    cycleFoldWitness: CF.columns - CF.publicCount,
  };
}
