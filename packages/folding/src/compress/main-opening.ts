// The opening of the finally folded instance by the argument of the program's key.

import { G1, type Vec } from "@foldmesh/algebra";
import { ipaLength } from "../setup.ts";
import type { FinalInstance } from "./final-fold.ts";
import { type PairingObligation, pairingsHold } from "./hyperkzg.ts";
import { type IpaProof, type Obligation, areMet, ipaProve, ipaReduce } from "./ipa.ts";
import { type KZGOpening, kzgProve, kzgReduce } from "./kzg-opening.ts";
import type { OpeningStatement } from "./opening.ts";
import type { Compressor, VerifierKey } from "./verifier-key.ts";

export type MainOpening = IpaProof | KZGOpening;
export type MainObligation = Obligation | PairingObligation;

export const isIpa = (opening: MainOpening): opening is IpaProof => "LR" in opening;

/** The scalar of an opening that Φ's side absorbs. */
export const lastScalar = (opening: MainOpening): bigint =>
  isIpa(opening) ? opening.a : opening.w;

/** Allocates in the engine's current scope. */
export function proveMain(
  compressor: Compressor,
  statement: OpeningStatement,
  W: Vec,
): Promise<MainOpening> {
  const { engine, verifier, system } = compressor;
  if (system.key.kind === "kzg") return kzgProve(compressor, statement, W);
  const F = engine.Fp;
  const n = ipaLength(system);
  const { weights, transcript, x0 } = statement;
  const Q = G1.mul(x0, verifier.ipaQ.G1)!;
  return ipaProve(engine, verifier.keys.w, Q, F.padded(W, n), F.padded(weights, n), transcript);
}

/** Null when a check fails already. */
export function reduceMain(
  key: VerifierKey,
  statement: OpeningStatement,
  folded: FinalInstance,
  blind: bigint,
  opening: MainOpening,
): Promise<MainObligation | null> {
  if (!isIpa(opening)) return kzgReduce(key, statement, folded, blind, opening);
  const { transcript, weights, claim: value, x0 } = statement;
  const terms = [[1n, folded.instance.C] as const];
  const claim = { key: key.keys.w, terms, blind, b: weights, value };
  return ipaReduce(key.engine, claim, { base: key.ipaQ.G1, x0 }, opening, transcript);
}

const isPairing = (obligation: MainObligation): obligation is PairingObligation =>
  "witness" in obligation;
const isCommitment = (obligation: MainObligation): obligation is Obligation =>
  !isPairing(obligation);

/** As `areMet`; all obligations are of one program, so of one sort. */
export async function areMainMet(
  { engine, system: { key } }: VerifierKey,
  factors: readonly bigint[],
  obligations: readonly MainObligation[],
): Promise<boolean> {
  if (key.kind === "kzg") return pairingsHold(key.tau2, factors, obligations.filter(isPairing));
  return areMet(engine, factors, obligations.filter(isCommitment));
}
