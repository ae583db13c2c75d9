// The port between the proof system and whatever does its arithmetic: BigInt (the readable twin),
// WebAssembly kernels, later a GPU. Vectors stay inside the engine, in its own layout; only the
// operations that read something back are asynchronous, so that a GPU can stand behind the port.

import type { Curve, Point } from "./curve.ts";
import type { PrimeField } from "./field.ts";

/** A vector of field elements owned by an engine. Immutable unless an operation says otherwise. */
export interface Vec {
  readonly field: PrimeField;
  readonly length: number;
}

/**
 * Sparse matrix in compressed rows. Row x holds entries rowStart[x] … rowStart[x+1]−1, by ascending
 * column; entry e has coefficient table[coefficient[e]], canonical and non-zero.
 */
export interface SparseMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly rowStart: Uint32Array;
  readonly column: Uint32Array;
  readonly coefficient: Uint32Array;
  readonly table: readonly bigint[];
}

/** A matrix prepared by `VectorField.matrix`. Lives until the engine is closed. */
export interface Matrix {
  readonly field: PrimeField;
  readonly rows: number;
  readonly columns: number;
}

/** The three sums of one sumcheck round over pow·(a·b − c); see `VectorField.quadraticRound`. */
export type QuadraticRound = readonly [q0: bigint, q1: bigint, q2: bigint];

export interface VectorField {
  readonly field: PrimeField;
  zeros(n: number): Vec;
  /** From canonical elements. */
  fromElements(elements: readonly bigint[]): Vec;
  /** From 32-byte little-endian elements. @throws AlgebraError BAD_LENGTH, NON_CANONICAL */
  fromBytes(bytes: Uint8Array): Vec;
  toElements(v: Vec): Promise<bigint[]>;
  /** 32-byte little-endian canonical elements. */
  toBytes(v: Vec): Promise<Uint8Array>;
  /** A copy of [start, end). */
  slice(v: Vec, start: number, end: number): Vec;
  concat(parts: readonly Vec[]): Vec;
  /** `v` followed by zeros up to length n. */
  padded(v: Vec, n: number): Vec;
  add(a: Vec, b: Vec): Vec;
  sub(a: Vec, b: Vec): Vec;
  /** Elementwise product. */
  mul(a: Vec, b: Vec): Vec;
  scale(k: bigint, v: Vec): Vec;
  /** Σ ks[i]·vs[i]; all of one length. */
  linear(ks: readonly bigint[], vs: readonly Vec[]): Vec;
  /** Σ kⁱ·vs[i] by Horner. */
  horner(k: bigint, vs: readonly Vec[]): Vec;
  innerProduct(a: Vec, b: Vec): Promise<bigint>;
  /** [1, x, …, x^(n−1)] */
  powers(x: bigint, n: number): Vec;
  /** Table of eq(r, ·) over {0,1}^r.length, most significant variable first; [1] for r = []. */
  eqTable(r: readonly bigint[]): Vec;
  /** Elementwise v^e, e ≥ 0. */
  pow(v: Vec, e: bigint): Vec;
  /** Elementwise 1/v, and 0 where v is 0. */
  inverse(v: Vec): Vec;
  isZero(v: Vec): Promise<boolean>;
  matrix(m: SparseMatrix): Matrix;
  /** M·z, of length m.rows. */
  multiply(m: Matrix, z: Vec): Vec;

  // ---- sumcheck, top variable first; `half` = length/2 of a table of length 2^k ≥ 2
  /** [Σ t[x]·weights[x], Σ t[x+half]·weights[x]], x < half = weights.length. */
  linearRound(t: Vec, weights: Vec): Promise<readonly [lo: bigint, hi: bigint]>;
  /**
   * With q(X) = a(X)b(X) − c(X) for tables interpolated linearly in the top variable:
   * q0 + q1·X + q2·X² summed against weights: [Σ w·q0, Σ w·q1, Σ w·q2], x < half = weights.length.
   */
  quadraticRound(a: Vec, b: Vec, c: Vec, weights: Vec): Promise<QuadraticRound>;
  /** t[x] + r·(t[x+half] − t[x]) for x < half. May reuse t's storage: t must not be used afterwards. */
  bindTop(t: Vec, r: bigint): Vec;
}

/** Fixed bases ready for commitments: Com(v; b) = Σ vᵢ·Gᵢ + b·H. Lives until the engine is closed. */
export interface CommitmentKey {
  readonly curve: Curve;
  /** Number of bases Gᵢ. */
  readonly length: number;
}

export interface Engine {
  readonly name: "bigint" | "fma51" | "int29";
  readonly Fp: VectorField;
  readonly Fq: VectorField;
  /** Vectors allocated while `body` runs are freed when it settles; read results out before. Scopes nest. */
  scope<T>(body: () => Promise<T>): Promise<T>;
  /**
   * @param bases G₀ … as x ‖ y, 64 little-endian bytes each, from hash-to-curve (trusted: on the curve)
   * @param blinding H
   */
  commitmentKey(curve: Curve, bases: Uint8Array, blinding: Point): CommitmentKey;
  /**
   * Com(v; blind) over the first v.length bases; v over the curve's scalar field.
   * The identity cannot occur for honest random blinds: it is returned as null, callers refuse it.
   */
  commit(key: CommitmentKey, v: Vec, blind: bigint): Promise<Point | null>;
  /** Poseidon permutation (circomlib parameters) of a state of width t = 2…17: what a transcript waits for. */
  permute(state: readonly bigint[]): bigint[];
  /** The same of many states, all of one width. */
  permuteAll(states: readonly (readonly bigint[])[]): Promise<bigint[][]>;
  /** Frees everything. */
  close(): void;
}
