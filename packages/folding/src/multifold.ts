// Multi-folding (HyperNova, eprint 2023/573, §5) of four instances into one running instance:
// slots U_L, U_R, u_L, u_R with weights 1, ρ, ρ², ρ³. Prover and verifier stand together and absorb in
// the same visible order (§5 steps 1–6 of the design; the table in its reference).

import {
  Fp,
  G1,
  type Lanes,
  TAG,
  Transcript,
  horner,
  innerProduct,
  powers,
  shortChallenge,
} from "@foldmesh/algebra";
import type { Permutation, Point, Vec, VectorField } from "@foldmesh/algebra";
import {
  type FreshInstance,
  type Quad,
  type RunningInstance,
  type Triple,
  evaluationsBlock,
  openingBlock,
  pointLimbs,
} from "@foldmesh/circuits";
import { FoldingError } from "./errors.ts";
import { eqAt, powAt } from "./multilinear.ts";
import { products, type Setup } from "./setup.ts";
import { type Shape, isList, isVector } from "./statement.ts";
import { proveSumcheck } from "./sumcheck.ts";

/** The four instances, running before fresh, left before right. */
export interface Slots {
  readonly UL: RunningInstance;
  readonly UR: RunningInstance;
  readonly uL: FreshInstance;
  readonly uR: FreshInstance;
}

/** Binds both statements and kinds, and with them X of u_L and u_R. */
export interface Header {
  readonly dL: bigint;
  readonly dR: bigint;
  readonly kL: bigint;
  readonly kR: bigint;
}

/** Opening of one slot: the witness with its blind. */
export interface SlotOpening {
  readonly W: Vec;
  readonly b: bigint;
}

/** A message (c0, c2, c3); c1 follows from the claim. */
export type RoundMessage = Triple<bigint>;

export interface MultifoldProof {
  /** s messages. */
  readonly rounds: readonly RoundMessage[];
  /** σ_L, σ_R, θ_L, θ_R: three evaluations each. */
  readonly evals: Quad<Triple<bigint>>;
}

/** Challenges γʲ (j < 8) and τ. */
export interface FoldChallenges {
  readonly gammas: readonly bigint[];
  readonly tau: bigint;
}

/** §5 step 1. */
function openTranscript(
  permute: Permutation,
  { dL, dR, kL, kR }: Header,
  { uL, uR }: Slots,
): { transcript: Transcript; challenges: FoldChallenges } {
  const transcript = new Transcript(permute, TAG.transcript);
  const L = { d: dL, k: kL, limbs: pointLimbs(uL.C) };
  const R = { d: dR, k: kR, limbs: pointLimbs(uR.C) };
  const { lane1: gamma, lane2: tau } = transcript.absorb(openingBlock(L, R, 0n));
  return { transcript, challenges: { gammas: powers(Fp, gamma, 8), tau } };
}

/** T of §5 step 2. */
const initialClaim = ({ gammas }: FoldChallenges, { UL, UR }: Slots): bigint =>
  innerProduct(Fp, gammas.slice(0, 6), [...UL.v, ...UR.v]);

/** §5 step 5. */
const absorbEvals = (transcript: Transcript, evals: MultifoldProof["evals"]): Lanes =>
  transcript.absorb(evaluationsBlock(evals, 0n));

/** One round from the verifier's side (§5 step 3): the challenge and the next claim. */
export function sumcheckRound(
  transcript: Transcript,
  claim: bigint,
  [c0, c2, c3]: RoundMessage,
): { challenge: bigint; claim: bigint } {
  const c1 = Fp.reduce(claim - 2n * c0 - c2 - c3);
  const challenge = transcript.absorb([c0, c2, c3]).lane1;
  return { challenge, claim: horner(Fp, challenge, [c0, c1, c2, c3]) };
}

/** The right-hand side of §5 step 4. */
function finalValue(
  { gammas, tau }: FoldChallenges,
  point: readonly bigint[],
  { UL, UR }: Slots,
  [sigmaL, sigmaR, thetaL, thetaR]: MultifoldProof["evals"],
): bigint {
  const linear = (offset: number, sigma: Triple<bigint>): bigint =>
    innerProduct(Fp, gammas.slice(offset, offset + 3), sigma);
  const zeroCheck = ([a, b, c]: Triple<bigint>): bigint => Fp.reduce(a * b - c);
  const quadratic = gammas[6]! * zeroCheck(thetaL) + gammas[7]! * zeroCheck(thetaR);
  return Fp.reduce(
    eqAt(UL.r, point) * linear(0, sigmaL) +
      eqAt(UR.r, point) * linear(3, sigmaR) +
      powAt(tau, point) * Fp.reduce(quadratic),
  );
}

const slotList = ({ UL, UR, uL, uR }: Slots): Quad<FreshInstance> => [UL, UR, uL, uR];

/**
 * §5 step 6, weights 1, ρ, ρ² … on the slots, with C = Q computed natively (the merge circuit gets it from
 * CycleFold).
 */
export function foldInstance(
  rho: bigint,
  point: readonly bigint[],
  slots: readonly FreshInstance[],
  evals: readonly Triple<bigint>[],
): RunningInstance {
  const C = G1.fold(
    rho,
    slots.map((slot) => slot.C),
  );
  if (C === null) throw new FoldingError("DEGENERATE", "the folded commitment is the identity");
  const fold = (column: (n: number) => bigint): bigint =>
    horner(
      Fp,
      rho,
      slots.map((_, n) => column(n)),
    );
  return {
    C,
    X: slots[0]!.X.map((_, x) => fold((n) => slots[n]!.X[x]!)),
    r: point,
    v: [fold((n) => evals[n]![0]), fold((n) => evals[n]![1]), fold((n) => evals[n]![2])],
  };
}

/** [Az, Bz, Cz] of z = X ‖ W, padded to 2^s. */
export function productTables(
  { engine, S, system }: Setup,
  X: readonly bigint[],
  W: Vec,
): Triple<Vec> {
  const F = engine.Fp;
  const [a, b, c] = products(F, S, F.concat([F.fromElements(X), W]));
  const pad = (v: Vec): Vec => F.padded(v, 2 ** system.s);
  return [pad(a), pad(b), pad(c)];
}

/** The three tables' values at the point of an eq table. */
export const evaluateTables = async (
  F: VectorField,
  [a, b, c]: Triple<Vec>,
  eq: Vec,
): Promise<Triple<bigint>> => [
  await F.innerProduct(a, eq),
  await F.innerProduct(b, eq),
  await F.innerProduct(c, eq),
];

export interface Multifolded {
  readonly proof: MultifoldProof;
  /** Left open for the CycleFold block. */
  readonly transcript: Transcript;
  /** t of ρ = 2¹²⁷ + 2t + 1. */
  readonly t: bigint;
  readonly instance: RunningInstance;
  readonly opening: SlotOpening;
}

/**
 * Folds four slots. Does not check its inputs: false slots give a proof that the verifier rejects.
 * Allocates in the engine's current scope.
 */
export async function multifoldProve(
  setup: Setup,
  header: Header,
  slots: Slots,
  openings: Quad<SlotOpening>,
): Promise<Multifolded> {
  const { engine, permute } = setup;
  const { transcript, challenges } = openTranscript(permute, header, slots);
  const tables: Quad<Triple<Vec>> = [
    productTables(setup, slots.UL.X, openings[0].W),
    productTables(setup, slots.UR.X, openings[1].W),
    productTables(setup, slots.uL.X, openings[2].W),
    productTables(setup, slots.uR.X, openings[3].W),
  ];
  const claim = initialClaim(challenges, slots);
  const { rounds, point } = await proveSumcheck(
    engine,
    challenges,
    slots,
    tables,
    (message, at) => sumcheckRound(transcript, at, message),
    claim,
  );
  const eq = engine.Fp.eqTable(point);
  const evaluate = (n: 0 | 1 | 2 | 3): Promise<Triple<bigint>> =>
    evaluateTables(engine.Fp, tables[n], eq);
  const evals: MultifoldProof["evals"] = [
    await evaluate(0),
    await evaluate(1),
    await evaluate(2),
    await evaluate(3),
  ];
  const { t, value: rho } = shortChallenge(absorbEvals(transcript, evals).lane1);
  return {
    proof: { rounds, evals },
    transcript,
    t,
    instance: foldInstance(rho, point, slotList(slots), evals),
    opening: {
      W: engine.Fp.horner(
        rho,
        openings.map(({ W }) => W),
      ),
      b: horner(
        Fp,
        rho,
        openings.map(({ b }) => b),
      ),
    },
  };
}

/** Exact lengths and canonical elements, before any hash (§10). */
export function isMultifoldProof({ s }: Shape, proof: MultifoldProof): boolean {
  const isTriple = (x: unknown): boolean => isVector(Fp, x, 3);
  return isList(proof?.rounds, s, isTriple) && isList(proof.evals, 4, isTriple);
}

/**
 * The native verifier. Returns the folded instance (commitments folded natively) and the open
 * transcript, or null when the proof is malformed or the final check fails. Slots must be validated.
 */
export function multifoldVerify(
  shape: Shape,
  permute: Permutation,
  header: Header,
  slots: Slots,
  proof: MultifoldProof,
): { instance: RunningInstance; transcript: Transcript; t: bigint; Q: Point } | null {
  if (!isMultifoldProof(shape, proof)) return null;
  const { transcript, challenges } = openTranscript(permute, header, slots);
  let claim = initialClaim(challenges, slots);
  const point: bigint[] = [];
  for (const message of proof.rounds) {
    const step = sumcheckRound(transcript, claim, message);
    point.push(step.challenge);
    claim = step.claim;
  }
  if (finalValue(challenges, point, slots, proof.evals) !== claim) return null;
  const { t, value: rho } = shortChallenge(absorbEvals(transcript, proof.evals).lane1);
  const instance = foldInstance(rho, point, slotList(slots), proof.evals);
  return { instance, transcript, t, Q: instance.C };
}
