// What makes a compressed proof independent of the witness (§2, §4): m₁, m₂, m₃ in every fresh
// witness, and a uniform running pair (U, Φ) in a masked leaf.

import { Fp, Fq, type Rng, type Vec, elementsToBytes } from "@foldmesh/algebra";
import {
  CYCLE_FOLD_PUBLIC,
  type CycleFoldInstance,
  type RunningInstance,
  type Triple,
  instanceLength,
} from "@foldmesh/circuits";
import { type CycleFoldOpening, relaxedError } from "./cyclefold.ts";
import { type Setup, commit, products } from "./setup.ts";
import type { System } from "./system.ts";

/** A running instance with its opening. */
export interface OpenRunning {
  readonly U: RunningInstance;
  readonly W: Uint8Array;
  readonly bW: bigint;
}

export interface OpenCycleFold {
  readonly Phi: CycleFoldInstance;
  readonly phi: CycleFoldOpening;
}

const zeros = (n: number): bigint[] => Array.from({ length: n }, () => 0n);

/** The end of a fresh witness: m₁, m₂, m₃, then zero Libra columns. Draws: m₁, m₂, m₃. */
export const freshMask = ({ dims }: System, rng: Rng): bigint[] => [
  ...rng.elements(Fp, 3),
  ...zeros(dims.libraCount),
];

/** v_j = Σ_row eq(r,row)·(M_j z)_row */
export async function evaluateMatrices(
  { engine, S, system }: Setup,
  r: readonly bigint[],
  X: readonly bigint[],
  W: Vec,
): Promise<Triple<bigint>> {
  const z = engine.Fp.concat([engine.Fp.fromElements(X), W]);
  const eq = engine.Fp.slice(engine.Fp.eqTable(r), 0, system.dims.rows);
  const [a, b, c] = products(engine.Fp, S, z);
  return [
    await engine.Fp.innerProduct(a, eq),
    await engine.Fp.innerProduct(b, eq),
    await engine.Fp.innerProduct(c, eq),
  ];
}

/** U⊥ and Φ⊥: the neutral elements, opened by zero vectors with blind 1 (so no point is the identity). */
export function bottomRunning({ system }: Setup): OpenRunning & OpenCycleFold {
  const { a, s, dims, generators } = system;

  const { h, cfh } = generators;
  return {
    U: { C: h, X: zeros(instanceLength(a)), r: zeros(s), v: [0n, 0n, 0n] },
    W: new Uint8Array(32 * dims.witness),
    bW: 1n,
    Phi: { CX: cfh, CW: cfh, CE: cfh },
    phi: {
      X: zeros(CYCLE_FOLD_PUBLIC),
      W: new Uint8Array(32 * dims.cycleFoldWitness),
      E: new Uint8Array(32 * dims.cycleFoldRows),
      bX: 1n,
      bW: 1n,
      bE: 1n,
    },
  };
}

/** A uniform running instance. Draws: W[0…n−1], b, X[0…2+2a], r[0…s−1]. */
export async function randomRunning(setup: Setup, rng: Rng): Promise<OpenRunning> {
  const { engine, keys, system } = setup;
  const bytes = elementsToBytes(rng.elements(Fp, system.dims.witness));
  const bW = rng.element(Fp);
  const X = rng.elements(Fp, instanceLength(system.a));
  const r = rng.elements(Fp, system.s);
  const W = engine.Fp.fromBytes(bytes);
  const C = await commit(engine, keys.w, W, bW);
  return { U: { C, X, r, v: await evaluateMatrices(setup, r, X, W) }, W: bytes, bW };
}

/**
 * A uniform relaxed CycleFold instance: any z satisfies the relation with E = Az∘Bz − X₀Cz.
 * Draws over F_q: X[0…11], W[0…], b_X, b_W, b_E.
 */
export async function randomCycleFold(setup: Setup, rng: Rng): Promise<OpenCycleFold> {
  const { engine, keys, system } = setup;
  const X = rng.elements(Fq, CYCLE_FOLD_PUBLIC);
  const W = rng.elements(Fq, system.dims.cycleFoldWitness);
  const [bX, bW, bE] = rng.elements(Fq, 3) as [bigint, bigint, bigint];
  const vX = engine.Fq.fromElements(X);
  const vW = engine.Fq.fromElements(W);
  const vE = relaxedError(setup, products(engine.Fq, setup.CF, engine.Fq.concat([vX, vW])), X[0]!);
  return {
    Phi: {
      CX: await commit(engine, keys.cfx, vX, bX),
      CW: await commit(engine, keys.cfw, vW, bW),
      CE: await commit(engine, keys.cfw, vE, bE),
    },
    phi: { X, W: elementsToBytes(W), E: await engine.Fq.toBytes(vE), bX, bW, bE },
  };
}
