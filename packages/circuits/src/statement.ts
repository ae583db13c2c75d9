// What a node claims and how it is laid out in hashes. The layouts are generic: over integers they
// serve the native code, over linear combinations the merge circuit, which so cannot drift apart.

import { type Permutation, type Point, SHORT_BITS, TAG, hashChain } from "@foldmesh/algebra";
import type { Pair, Quad, Triple } from "./tuples.ts";

/** Fresh main instance u (a CCCS): C opens to w, X = (u_F, zOut, zIn, u_M, h) of length 3 + 2a. */
export interface FreshInstance<T = bigint, G = Point> {
  readonly C: G;
  readonly X: readonly T[];
}

/** Running main instance U (an LCCCS): C opens to W, v_j = Σ_row eq(r,row)·(M_j·(X‖W))_row. */
export interface RunningInstance<T = bigint, G = Point> extends FreshInstance<T, G> {
  /** s coordinates, most significant row bit first. */
  readonly r: readonly T[];
  readonly v: Triple<T>;
}

/** Running CycleFold instance Φ: commitments on Grumpkin to its public input, witness and error. */
export interface CycleFoldInstance<T = bigint> {
  readonly CX: Pair<T>;
  readonly CW: Pair<T>;
  readonly CE: Pair<T>;
}

/**
 * D: applying the step to zIn for the indices [i, j) gives zOut. `T` holds elements of F_p, `G` the G1
 * commitment (a point natively, its bits and limbs in the circuit). A leaf's pid is a *claimed* key
 * hash; see `provenance`.
 */
export interface Statement<T = bigint, G = Point> {
  readonly i: T;
  readonly j: T;
  readonly zIn: readonly T[];
  readonly zOut: readonly T[];
  readonly pid: T;
  readonly U: RunningInstance<T, G>;
  readonly Phi: CycleFoldInstance<T>;
}

/** Length of X for `a` state elements. */
export const instanceLength = (a: number): number => 3 + 2 * a;

/** Public columns of the CycleFold circuit: 1, ρ, four points and their fold Q. */
export const CYCLE_FOLD_PUBLIC = 12;

/** Bits of the low limb of a G1 coordinate. */
export const LIMB_BITS = 127;

/** A G1 point as F_p hashes it: [x mod 2¹²⁷, x ≫ 127, y mod 2¹²⁷, y ≫ 127]. */
export type Limbs<T> = Quad<T>;

/** pack(P) of a canonical G1 point. */
export function pointLimbs([x, y]: Point): Limbs<bigint> {
  const shift = BigInt(LIMB_BITS);
  const low = (c: bigint): bigint => BigInt.asUintN(LIMB_BITS, c);
  return [low(x), x >> shift, low(y), y >> shift];
}

/** The elements under d(D), in order; `limbs` are those of D.U.C. */
export function statementElements<T, G>(vk: T, D: Statement<T, G>, limbs: Limbs<T>): T[] {
  const { U, Phi } = D;
  const head = [vk, D.i, D.j, ...D.zIn, ...D.zOut, D.pid];
  return [...head, ...limbs, ...U.X, ...U.r, ...U.v, ...Phi.CX, ...Phi.CW, ...Phi.CE];
}

/** d(D) = H(1; vk, D) */
export const statementHash = (permute: Permutation, vk: bigint, D: Statement): bigint =>
  hashChain(permute, TAG.statement, statementElements(vk, D, pointLimbs(D.U.C)));

/** X of the fresh instance of a node: a leaf (k = 0) has the step's block on, a merge the merge block. */
export function freshX(permute: Permutation, vk: bigint, k: bigint, D: Statement): bigint[] {
  if (k === 0n) return [1n, ...D.zOut, ...D.zIn, 0n, 0n];
  const off = [...D.zOut, ...D.zIn].map(() => 0n);
  return [0n, ...off, 1n, statementHash(permute, vk, D)];
}

// ---- who did what

/** The lanes of the 4-wide permutation that turns a leaf's claimed key hash into its pid*. */
export const leafPidBlock = <T>(tag: T, pid: T, i: T, zero: T): Quad<T> => [tag, pid, i, zero];

/** The lanes of the 4-wide permutation that joins two pid*. */
export const mergePidBlock = <T>(tag: T, left: T, right: T, zero: T): Quad<T> => [
  tag,
  left,
  right,
  zero,
];

export const leafPid = (permute: Permutation, pid: bigint, i: bigint): bigint =>
  permute(leafPidBlock(TAG.pidLeaf, pid, i, 0n))[0]!;

export const mergePid = (permute: Permutation, left: bigint, right: bigint): bigint =>
  permute(mergePidBlock(TAG.pidMerge, left, right, 0n))[0]!;

/**
 * pid* = k·pid + (1 − k)·Perm₄(4, pid, i, 0)[0]: what stands for a node in its parent's pid, so that a
 * leaf cannot pass for a subtree by choosing its pid. Compare this of a root, never the bare D.pid.
 */
export const provenance = (
  permute: Permutation,
  k: bigint,
  D: Pick<Statement, "pid" | "i">,
): bigint => (k === 0n ? leafPid(permute, D.pid, D.i) : D.pid);

// ---- transcript blocks of a merge (what stands after the chaining value)

/** One child as the first block sees it. */
export interface ChildHeader<T> {
  /** d(D) */
  readonly d: T;
  readonly k: T;
  /** Limbs of the fresh commitment. */
  readonly limbs: Limbs<T>;
}

/** Step 1: both children, before γ and τ. 16 elements. */
export const openingBlock = <T>(L: ChildHeader<T>, R: ChildHeader<T>, zero: T): T[] => [
  L.d,
  R.d,
  L.k,
  R.k,
  ...L.limbs,
  ...R.limbs,
  ...fourTimes(zero),
];

/** Step 5: the evaluations of U_L, U_R, u_L, u_R, before ρ. 16 elements. */
export const evaluationsBlock = <T>(evals: Quad<Triple<T>>, zero: T): T[] => [
  ...evals.flat(),
  ...fourTimes(zero),
];

/** Step 8: Q, the fresh CycleFold witness and the cross terms T01, T02, T12, before r. 16 elements. */
export const cycleFoldBlock = <T>(Q: Limbs<T>, CW: Pair<T>, CT: Triple<Pair<T>>, zero: T): T[] => [
  ...Q,
  ...CW,
  ...CT.flat(),
  ...fourTimes(zero),
];

const fourTimes = <T>(zero: T): Quad<T> => [zero, zero, zero, zero];

/** The constant part of a folding challenge ρ = 2¹²⁷ + 1 + 2t. */
export const ODD_SCALAR_OFFSET: bigint = (1n << BigInt(SHORT_BITS)) + 1n;
