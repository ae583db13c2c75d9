import { Grumpkin, type Point, TAG } from "@foldmesh/algebra";
import { FIELD_BITS, allocateBit, allocateBits, pack } from "./bits.ts";
import type { Builder } from "./builder.ts";
import type { MergeChild, MergeTables } from "./merge-types.ts";
import { allocatePoint, enforceOnCurve } from "./points.ts";
import { hashChainGadget, poseidonGadget } from "./poseidon.ts";
import {
  type CycleFoldInstance,
  LIMB_BITS,
  type Limbs,
  type RunningInstance,
  type Statement,
  leafPidBlock,
  statementElements,
} from "./statement.ts";
import { type Triple, map3 } from "./tuples.ts";

/**
 * A G1 point given by its F_q coordinates as 254-bit strings. They are **not forced below q, nor onto
 * the curve**: the bits are scalars on Grumpkin (of order q) and hashed limbs, and every use sees the
 * same bits. A non-canonical encoding gains nothing, as native verifiers accept canonical ones only.
 */
export interface ForeignPoint<V> {
  readonly xBits: readonly V[];
  readonly yBits: readonly V[];
  readonly limbs: Limbs<V>;
}

export function allocateForeignPoint<V>(cs: Builder<V>, [x, y]: Point): ForeignPoint<V> {
  const xBits = allocateBits(cs, x, FIELD_BITS);
  const yBits = allocateBits(cs, y, FIELD_BITS);
  const low = (bits: readonly V[]): V => pack(cs, bits.slice(0, LIMB_BITS));
  const high = (bits: readonly V[]): V => pack(cs, bits.slice(LIMB_BITS));
  return { xBits, yBits, limbs: [low(xBits), high(xBits), low(yBits), high(yBits)] };
}

/** A child inside the circuit. */
export interface AllocatedChild<V> {
  readonly k: V;
  readonly D: Statement<V, ForeignPoint<V>>;
  /** d(D) */
  readonly d: V;
  /** C of the child's fresh instance u. */
  readonly freshC: ForeignPoint<V>;
  /** X of u, *derived* from kind and statement: this is what ties u to the claim. */
  readonly freshX: readonly V[];
}

/**
 * Allocates a child and enforces: k is boolean; Φ's points lie on Grumpkin (the ladders and chords that
 * fold them are meaningless elsewhere); a leaf has j = i + 1. A leaf's U and Φ are otherwise free: a
 * foreign accumulator only adds obligations.
 */
export function allocateChild<V>(
  cs: Builder<V>,
  { poseidon17 }: MergeTables,
  vk: V,
  child: MergeChild,
): AllocatedChild<V> {
  const k = allocateBit(cs, child.k);
  const D = allocateStatement(cs, child.D);
  const { CX, CW, CE } = D.Phi;
  for (const P of [CX, CW, CE]) enforceOnCurve(cs, P, Grumpkin.b, "phi-on-curve");
  const d = hashChainGadget(cs, poseidon17, TAG.statement, statementElements(vk, D, D.U.C.limbs));
  const isLeaf = cs.sub(cs.one, k);
  cs.enforce(isLeaf, cs.linear([1n, -1n], [D.j, D.i], -1n), cs.zero, "leaf-index");
  const freshC = allocateForeignPoint(cs, child.C);
  return { k, D, d, freshC, freshX: deriveFreshX(cs, k, isLeaf, D, d) };
}

/** ((1−k), (1−k)·zOut, (1−k)·zIn, k, k·d) */
function deriveFreshX<V, G>(cs: Builder<V>, k: V, isLeaf: V, D: Statement<V, G>, d: V): V[] {
  const ifLeaf = (z: V): V => cs.mul(isLeaf, z);
  return [isLeaf, ...D.zOut.map(ifLeaf), ...D.zIn.map(ifLeaf), k, cs.mul(k, d)];
}

function allocateStatement<V>(cs: Builder<V>, D: Statement): Statement<V, ForeignPoint<V>> {
  const one = (value: bigint): V => cs.witness(value);
  const [i, j] = [one(D.i), one(D.j)];
  const [zIn, zOut] = [D.zIn.map(one), D.zOut.map(one)];
  const pid = one(D.pid);
  return { i, j, zIn, zOut, pid, U: allocateRunning(cs, D.U), Phi: allocateCycleFold(cs, D.Phi) };
}

function allocateRunning<V>(
  cs: Builder<V>,
  U: RunningInstance,
): RunningInstance<V, ForeignPoint<V>> {
  const one = (value: bigint): V => cs.witness(value);
  const C = allocateForeignPoint(cs, U.C);
  const [X, r] = [U.X.map(one), U.r.map(one)];
  const v: Triple<V> = map3(U.v, one);
  return { C, X, r, v };
}

const allocateCycleFold = <V>(cs: Builder<V>, Phi: CycleFoldInstance): CycleFoldInstance<V> => ({
  CX: allocatePoint(cs, Phi.CX),
  CW: allocatePoint(cs, Phi.CW),
  CE: allocatePoint(cs, Phi.CE),
});

/** pid* = k·pid + (1 − k)·Perm₄(4, pid, i, 0)[0], as claimed + k·(pid − claimed). */
export function provenanceGadget<V>(
  cs: Builder<V>,
  { poseidon4 }: MergeTables,
  { k, D }: AllocatedChild<V>,
): V {
  const block = leafPidBlock(cs.constant(TAG.pidLeaf), D.pid, D.i, cs.zero);
  const claimed = poseidonGadget(cs, poseidon4, block, 1)[0]!;
  return cs.add(claimed, cs.mul(k, cs.sub(D.pid, claimed)));
}
