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

/** Exactly n values that all pass; `every` alone would skip the holes of a sparse array. */
export const isList = (v: unknown, n: number, passes: (x: unknown) => boolean): boolean =>
  Array.isArray(v) && v.length === n && Array.from(v as unknown[]).every(passes);

export const isVector = (field: PrimeField, v: unknown, n: number): v is bigint[] =>
  isList(v, n, (x) => field.isCanonical(x));

export const isKind = (k: unknown): k is Kind => k === 0n || k === 1n;

export const isRange = (i: unknown, j: unknown): boolean =>
  typeof i === "bigint" && typeof j === "bigint" && 0n <= i && i < j && j < INDEX_LIMIT;

/** A named check of a part of what came from outside. */
export type FormCheck = readonly [name: string, passes: () => boolean];

/** The name of the first check that does not pass, or null. */
export const firstFault = (checks: readonly FormCheck[]): string | null =>
  checks.find(([, passes]) => !passes())?.[0] ?? null;

export const freshChecks = ({ a }: Shape, u: FreshInstance): FormCheck[] => [
  ["u.C", () => G1.isOnCurve(u?.C)],
  ["u.X", () => isVector(Fp, u.X, instanceLength(a))],
];

const runningChecks = ({ a, s }: Shape, U: RunningInstance): FormCheck[] => [
  ["U.C", () => G1.isOnCurve(U?.C)],
  ["U.X", () => isVector(Fp, U.X, instanceLength(a))],
  ["U.r", () => isVector(Fp, U.r, s)],
  ["U.v", () => isVector(Fp, U.v, 3)],
];

const cycleFoldChecks = (Phi: CycleFoldInstance): FormCheck[] => [
  ["Phi.C_X", () => Grumpkin.isOnCurve(Phi?.CX)],
  ["Phi.C_W", () => Grumpkin.isOnCurve(Phi.CW)],
  ["Phi.C_E", () => Grumpkin.isOnCurve(Phi.CE)],
];

/**
 * The one predicate behind the node verifier, the decoder and the proof verifier, as a list in order
 * (later checks rely on earlier ones): canonical elements, points on the curve, exact lengths,
 * 0 ≤ i < j < 2³², and the leaf rule j = i + 1.
 */
export const statementChecks = (shape: Shape, k: unknown, D: Statement): FormCheck[] => [
  ["kind", () => isKind(k)],
  ["range", () => isRange(D?.i, D?.j)],
  ["leaf rule", () => k === 1n || D.j === D.i + 1n],
  ["pid", () => Fp.isCanonical(D.pid)],
  ["z", () => isVector(Fp, D.zIn, shape.a)],
  ["z'", () => isVector(Fp, D.zOut, shape.a)],
  ...runningChecks(shape, D?.U),
  ...cycleFoldChecks(D?.Phi),
];

/** Whether every check of `statementChecks` passes. */
export const isStatement = (shape: Shape, k: unknown, D: Statement): boolean =>
  firstFault(statementChecks(shape, k, D)) === null;

const samePoint = (A: Point, B: Point): boolean => A[0] === B[0] && A[1] === B[1];
const sameList = (a: readonly bigint[], b: readonly bigint[]): boolean =>
  a.length === b.length && Array.from(a).every((x, n) => x === b[n]);

export const sameFresh = (a: FreshInstance, b: FreshInstance): boolean =>
  samePoint(a.C, b.C) && sameList(a.X, b.X);

export const sameRunning = (a: RunningInstance, b: RunningInstance): boolean =>
  samePoint(a.C, b.C) && sameList(a.X, b.X) && sameList(a.r, b.r) && sameList(a.v, b.v);

export { samePoint, sameList };
