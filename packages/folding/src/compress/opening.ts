// The opening of the finally folded instance (§9 steps 2 and 3). With m = Σ_{j<3} αʲ·eq(r')ᵀM_j + α³·l(r') on the
// Libra columns, split as (m_X, m_W),
//   ⟨m_W, W'⟩ = Σ_{j<3} αʲ v'_j + α³ y' − ⟨m_X, X'⟩  and  C' − b'H = ⟨W', G⟩.

import { Fp, type Vec, type VectorField, innerProduct, powers } from "@foldmesh/algebra";
import { instanceLength } from "@foldmesh/circuits";
import type { MatrixTriple } from "../setup.ts";
import { ByteTranscript } from "./byte-transcript.ts";
import type { FinalInstance } from "./final-fold.ts";
import { libraWeights } from "./libra.ts";
import type { VerifierKey } from "./verifier-key.ts";

/** Σ αʲ·M_jᵀ·eq for the first three powers of α; `rows` ≤ the length of the eq table. */
export function columnWeights(
  F: VectorField,
  transposed: MatrixTriple,
  eq: Vec,
  alphas: readonly bigint[],
): Vec {
  const { A, B, C } = transposed;
  const weights = F.slice(eq, 0, A.columns);
  return F.linear(
    alphas.slice(0, 3),
    [A, B, C].map((M) => F.multiply(M, weights)),
  );
}

/** What both sides derive once the blind is known. */
export interface OpeningStatement {
  readonly transcript: ByteTranscript;
  /** m_W, of the witness's length. */
  readonly weights: Vec;
  readonly claim: bigint;
  /** Scales the base of an inner-product argument. */
  readonly x0: bigint;
}

export async function openingStatement(
  key: VerifierKey,
  { instance: U, y, chain }: FinalInstance,
  blind: bigint,
): Promise<OpeningStatement> {
  const { engine, system, transposed } = key;
  const F = engine.Fp;
  const transcript = new ByteTranscript();
  transcript.absorb("foldmesh-v1-compress", [system.vk, chain]);
  transcript.absorb("instance", [...U.C, ...U.X, ...U.r, ...U.v, y, blind]);
  const alphas = powers(Fp, transcript.challenge(Fp), 4);
  const m = columnWeights(F, transposed.S, F.eqTable(U.r), alphas);
  const xLength = instanceLength(system.a);
  const mX = await F.toElements(F.slice(m, 0, xLength));
  const claim = Fp.sub(innerProduct(Fp, alphas, [...U.v, y]), innerProduct(Fp, mX, U.X));
  transcript.absorb("claim", [claim]);
  const x0 = transcript.challenge(Fp);
  return {
    transcript,
    weights: withLibra(key, F.slice(m, xLength, m.length), U.r, alphas[3]!),
    claim,
    x0,
  };
}

/** No row mentions the Libra columns: their weights are α³·l(r'). */
function withLibra(
  { engine, system }: VerifierKey,
  weights: Vec,
  r: readonly bigint[],
  scale: bigint,
): Vec {
  const F = engine.Fp;
  const libra = libraWeights(r).map((l) => Fp.mul(scale, l));
  return F.concat([F.slice(weights, 0, system.dims.libraStart), F.fromElements(libra)]);
}
