// The opening under a KZG key (§9 step 3): ⟨m, W'⟩ = y for the W' in C' − b'H = Σ W'ᵢ[τⁱ]₁, by an inner sumcheck that
// ends in one evaluation of W', and HyperKZG for that.
//
// Zero knowledge, without any mask of its own. As in the transparent case (compress.ts) W' is uniform up to
// the claims v' and y': W' = W_U + ρ·W_rnd + ρ²·w with W_rnd uniform and used once, and C', b', m and the
// claims say nothing else about it. Everything below is a function of W', of those and of the transcript: the
// rounds are inner products of W' with public tables; the f_k are public linear images of W', and [f_k] is
// [·]₁ of such an image at the public τ, without a blind because there is nothing to hide; the values n_k and both
// quotients likewise. So a simulator draws W' and b' uniform, computes v', y' and C' from them, solves for U_rnd
// as it does under the transparent key, and then runs this file as it is. It does not need τ, and knowing τ
// tells nobody more: commitments hide by their multiple of H, whatever the bases. Hiding is not what the
// ceremony is trusted for.

import { Fp, type Point, type Vec } from "@foldmesh/algebra";
import { type Setup, ipaLength } from "../setup.ts";
import type { FinalInstance } from "./final-fold.ts";
import {
  type HyperKZGProof,
  type PairingObligation,
  hyperKZGProve,
  hyperKZGReduce,
} from "./hyperkzg.ts";
import { type InnerMessage, innerProve, innerReduce } from "./inner-sumcheck.ts";
import type { OpeningStatement } from "./opening.ts";
import type { VerifierKey } from "./verifier-key.ts";

export interface KZGOpening extends HyperKZGProof {
  /** ℓ messages. */
  readonly rounds: readonly InnerMessage[];
  /** W'(ρ) */
  readonly w: bigint;
}

/** Allocates in the engine's current scope. */
export async function kzgProve(
  setup: Setup,
  { transcript, weights, claim }: OpeningStatement,
  W: Vec,
): Promise<KZGOpening> {
  const F = setup.engine.Fp;
  const n = ipaLength(setup.system);
  const table = F.padded(W, n);
  const { rounds, point } = await innerProve(F, transcript, claim, F.padded(weights, n), table);
  const w = await F.innerProduct(table, F.eqTable(point));
  return { rounds, w, ...(await hyperKZGProve(setup, { point, w }, table, transcript)) };
}

/** Reduces the verification to an obligation; null when the sumcheck's last check fails. */
export async function kzgReduce(
  { engine, system }: VerifierKey,
  { transcript, weights, claim }: OpeningStatement,
  { instance }: FinalInstance,
  blind: bigint,
  { rounds, w, ...proof }: KZGOpening,
): Promise<PairingObligation | null> {
  const F = engine.Fp;
  const { point, claim: last } = innerReduce(transcript, claim, rounds);
  const eq = F.slice(F.eqTable(point), 0, weights.length);
  if (Fp.mul(await F.innerProduct(weights, eq), w) !== last) return null;
  const h: Point = system.generators.h;
  const terms = [[1n, instance.C] as const, [Fp.neg(blind), h] as const];
  return hyperKZGReduce({ terms, point, w }, proof, transcript);
}
