// What checking and making compressed proofs takes besides a system: matrices by columns, and the
// commitment keys up to the length of the inner-product arguments.

import {
  type CommitmentKey,
  type Engine,
  G1,
  Grumpkin,
  POINT_BYTES,
  type Permutation,
  type Point,
  type VectorField,
  generators,
  pointsToBytes,
} from "@foldmesh/algebra";
import type { R1CS } from "@foldmesh/r1cs";
import { FoldingError } from "../errors.ts";
import { type Exclusive, type MatrixTriple, type Setup, ipaLength, turnstile } from "../setup.ts";
import type { Structures, System } from "../system.ts";
import { transpose } from "./transpose.ts";

/** The part of a system that a verifier reads; a `System` serves. */
export type VerifierSystem = Pick<System, "a" | "s" | "dims" | "generators" | "key" | "vk">;

/** A program's verifying key in an engine: all of it public, the same for every proof of the program. */
export interface VerifierKey {
  readonly system: VerifierSystem;
  readonly engine: Engine;
  readonly permute: Permutation;
  /** See `Setup.exclusive`. */
  readonly exclusive: Exclusive;
  /** Transposed: rows are the columns of S and of CF. */
  readonly transposed: { readonly S: MatrixTriple; readonly CF: MatrixTriple };
  readonly keys: {
    /** `verifierBases(system)` generators w. */
    readonly w: CommitmentKey;
    readonly cfw: CommitmentKey;
    readonly cfx: CommitmentKey;
  };
  /** Base of the inner product on each curve: label ipaQ. */
  readonly ipaQ: { readonly G1: Point; readonly Grumpkin: Point };
}

/** A setup that can compress as well. Both halves are handles of one engine and take turns on it. */
export interface Compressor extends Setup {
  readonly verifier: VerifierKey;
}

/**
 * Generators w that a verifier needs: all that an opening can have under a transparent key, the first one
 * under a KZG key.
 */
export const verifierBases = (system: VerifierSystem): number =>
  system.key.kind === "kzg" ? 1 : ipaLength(system);

/**
 * A verifying key for checking only.
 * @param wBases generators w₀ …, 64 bytes each, at least `verifierBases(system)`, from hash-to-curve or a
 *   cache whose hash was checked
 */
export function loadVerifierKey(
  engine: Engine,
  system: VerifierSystem,
  structures: Structures,
  wBases: Uint8Array,
): VerifierKey {
  const { h, cfx, cfw, cfh } = system.generators;
  const length = verifierBases(system);
  requireBases(wBases.length / POINT_BYTES, length);
  return {
    ...common(engine, structures),
    system,
    permute: (state) => engine.permute(state),
    exclusive: turnstile(engine),
    keys: {
      w: engine.commitmentKey(G1, wBases.subarray(0, POINT_BYTES * length), h),
      cfw: engine.commitmentKey(Grumpkin, pointsToBytes(cfw), cfh),
      cfx: engine.commitmentKey(Grumpkin, pointsToBytes(cfx), cfh),
    },
  };
}

/** Lets a setup compress; it must have been loaded with `ipaLength(system)` bases. */
export function loadCompressor(setup: Setup, structures: Structures): Compressor {
  const { engine, system, permute, exclusive, keys } = setup;
  requireBases(keys.w.length, ipaLength(system));
  return {
    ...setup,
    verifier: { ...common(engine, structures), system, permute, exclusive, keys },
  };
}

function requireBases(available: number, needed: number): void {
  if (available >= needed) return;
  throw new FoldingError(
    "STEP",
    `the commitment key has ${available} bases, compression needs ${needed}`,
  );
}

const common = (
  engine: Engine,
  { S, CF }: Structures,
): Pick<VerifierKey, "engine" | "transposed" | "ipaQ"> => ({
  engine,
  transposed: { S: loadTransposed(engine.Fp, S), CF: loadTransposed(engine.Fq, CF) },
  ipaQ: {
    G1: generators(G1, "ipaQ", 1)[0]!,
    Grumpkin: generators(Grumpkin, "ipaQ", 1)[0]!,
  },
});

const loadTransposed = (vectors: VectorField, { A, B, C }: R1CS): MatrixTriple => ({
  A: vectors.matrix(transpose(A)),
  B: vectors.matrix(transpose(B)),
  C: vectors.matrix(transpose(C)),
});
