// A system loaded into an engine: matrices and commitment keys in the engine's own layout.

import {
  type CommitmentKey,
  type Engine,
  type Matrix,
  type Permutation,
  type Point,
  type Vec,
  type VectorField,
  G1,
  Grumpkin,
  POINT_BYTES,
  digestBases,
  pointsToBytes,
} from "@foldmesh/algebra";
import type { R1CS } from "@foldmesh/r1cs";
import { FoldingError } from "./errors.ts";
import { basesFor } from "./size.ts";
import type { Structures, System } from "./system.ts";

export interface MatrixTriple {
  readonly A: Matrix;
  readonly B: Matrix;
  readonly C: Matrix;
}

/** A system's matrices and commitment keys as handles of one engine. */
export interface SetupHandles {
  readonly S: MatrixTriple;
  readonly CF: MatrixTriple;
  readonly keys: {
    /** Com_G over the generators w. */
    readonly w: CommitmentKey;
    /** Com_K over cfw, for W and E. */
    readonly cfw: CommitmentKey;
    /** Com_X over cfx. */
    readonly cfx: CommitmentKey;
  };
}

/** What every operation on nodes takes: a system in an engine. */
export interface Setup extends SetupHandles {
  readonly system: System;
  readonly engine: Engine;
  readonly permute: Permutation;
  /**
   * Runs a body in a scope of the engine, after the bodies before it have settled. An engine's scopes
   * nest, so of two that overlap one would free vectors that the other still computes with, and a
   * verifier would judge overwritten memory. Never call it from within a body. One engine serves one
   * setup at a time.
   */
  readonly exclusive: Exclusive;
}

export type Exclusive = <T>(body: () => Promise<T>) => Promise<T>;

export function turnstile(engine: Engine): Exclusive {
  let last: Promise<unknown> = Promise.resolve();
  return (body) => {
    const run = last.then(() => engine.scope(body));
    last = run.then(
      () => {},
      () => {},
    );
    return run;
  };
}

/** A setup from handles that are in the engine already. */
export const setupOf = (engine: Engine, system: System, handles: SetupHandles): Setup => ({
  ...handles,
  system,
  engine,
  permute: (state) => engine.permute(state),
  exclusive: turnstile(engine),
});

/**
 * @param wBases generators w₀ … (64 bytes each, at least `system.dims.witness` of them, as many as
 *   `ipaLength(system)` to compress as well), from hash-to-curve or a cache whose hash was checked; of a
 *   KZG key `ipaLength(system)` powers of tau
 * @throws FoldingError STEP when there are too few, KEY when they are not the program's powers of tau
 */
export function loadSetup(
  engine: Engine,
  system: System,
  { S, CF }: Structures,
  wBases: Uint8Array,
): Setup {
  const { h, cfx, cfw, cfh } = system.generators;
  const available = wBases.length / POINT_BYTES;
  if (available < system.dims.witness) {
    throw new FoldingError(
      "STEP",
      `the commitment key has ${available} bases, the program needs ${system.dims.witness}`,
    );
  }
  const bytes = POINT_BYTES * Math.min(available, ipaLength(system));
  requireKey(system, wBases.subarray(0, bytes));
  return setupOf(engine, system, {
    S: loadMatrices(engine.Fp, S),
    CF: loadMatrices(engine.Fq, CF),
    keys: {
      w: engine.commitmentKey(G1, wBases.subarray(0, bytes), h),
      cfw: engine.commitmentKey(Grumpkin, pointsToBytes(cfw), cfh),
      cfx: engine.commitmentKey(Grumpkin, pointsToBytes(cfx), cfh),
    },
  });
}

function requireKey({ key }: System, bases: Uint8Array): void {
  if (key.kind === "transparent" || digestBases(bases) === key.bases) return;
  throw new FoldingError("KEY", "these are not the powers of tau that the program is bound to");
}

/** Length of an opening's argument over a witness: the generators w continue to it. */
export const ipaLength = ({ dims }: Pick<System, "dims">): number => basesFor(dims.witness);

const loadMatrices = (vectors: VectorField, r1cs: R1CS): MatrixTriple => ({
  A: vectors.matrix(r1cs.A),
  B: vectors.matrix(r1cs.B),
  C: vectors.matrix(r1cs.C),
});

/** Com(v; blind), refusing the identity: it has no encoding. */
export async function commit(
  engine: Engine,
  key: CommitmentKey,
  v: Vec,
  blind: bigint,
): Promise<Point> {
  const point = await engine.commit(key, v, blind);
  if (point === null) {
    throw new FoldingError("DEGENERATE", "a commitment is the identity: draw fresh blinds");
  }
  return point;
}

/** [Az, Bz, Cz] */
export const products = (vectors: VectorField, M: MatrixTriple, z: Vec): [Vec, Vec, Vec] => [
  vectors.multiply(M.A, z),
  vectors.multiply(M.B, z),
  vectors.multiply(M.C, z),
];
