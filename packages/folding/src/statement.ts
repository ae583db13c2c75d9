// The one validity predicate that every native verifier applies first to what a node claims. Layouts
// and hashes are shared with the merge circuit (@foldmesh/circuits, statement.ts).

import { Fp, G1, Grumpkin, type Point, type PrimeField } from "@foldmesh/algebra";
import {
  type CycleFoldInstance,
  type FreshInstance,
  type RunningInstance,
  type Statement,
  instanceLength,
} from "@foldmesh/circuits";

/** 0 leaf, 1 merge. */
export type Kind = 0n | 1n;

/** Sizes that decide every array length of an instance. */
export interface Shape {
  /** Elements of a state z, 1 … 4. */
  readonly a: number;
  /** log₂ of the padded number of rows. */
  readonly s: number;
}

/** Indices are 32-bit: 0 ≤ i < j < 2³². */
export const INDEX_LIMIT: bigint = 1n << 32n;

// Hashes reduce their inputs and concatenate arrays without lengths: a verifier that skipped these
// checks would accept i + p for i, or elements moved between neighbouring arrays (§10).

export const isVector = (field: PrimeField, v: unknown, n: number): v is bigint[] =>
  Array.isArray(v) && v.length === n && v.every((x) => field.isCanonical(x));

export const isKind = (k: unknown): k is Kind => k === 0n || k === 1n;

export const isFreshInstance = (shape: Shape, u: FreshInstance): boolean =>
  G1.isOnCurve(u?.C) && isVector(Fp, u.X, instanceLength(shape.a));

const isRunningInstance = (shape: Shape, U: RunningInstance): boolean =>
  G1.isOnCurve(U?.C) &&
  isVector(Fp, U.X, instanceLength(shape.a)) &&
  isVector(Fp, U.r, shape.s) &&
  isVector(Fp, U.v, 3);

const isCycleFoldInstance = (Phi: CycleFoldInstance): boolean =>
  [Phi?.CX, Phi?.CW, Phi?.CE].every((point) => Grumpkin.isOnCurve(point));

const isRange = (i: unknown, j: unknown): boolean =>
  typeof i === "bigint" && typeof j === "bigint" && 0n <= i && i < j && j < INDEX_LIMIT;

/**
 * The one predicate behind the node verifier, the decoder and the proof verifier: canonical elements,
 * points on the curve, exact lengths, 0 ≤ i < j < 2³², and the leaf rule j = i + 1.
 */
export function isStatement(shape: Shape, k: unknown, D: Statement): boolean {
  return (
    isKind(k) &&
    isRange(D?.i, D?.j) &&
    (k === 1n || D.j === D.i + 1n) &&
    Fp.isCanonical(D.pid) &&
    isVector(Fp, D.zIn, shape.a) &&
    isVector(Fp, D.zOut, shape.a) &&
    isRunningInstance(shape, D.U) &&
    isCycleFoldInstance(D.Phi)
  );
}

const samePoint = (A: Point, B: Point): boolean => A[0] === B[0] && A[1] === B[1];
const sameList = (a: readonly bigint[], b: readonly bigint[]): boolean =>
  a.length === b.length && a.every((x, n) => x === b[n]);

export const sameFresh = (a: FreshInstance, b: FreshInstance): boolean =>
  samePoint(a.C, b.C) && sameList(a.X, b.X);

export const sameRunning = (a: RunningInstance, b: RunningInstance): boolean =>
  samePoint(a.C, b.C) && sameList(a.X, b.X) && sameList(a.r, b.r) && sameList(a.v, b.v);

export { samePoint, sameList };
