// The last fold (§9 step 1): slots U, U_rnd, u with weights 1, ρ, ρ², by a zero-knowledge sumcheck. U is the
// node's running instance, U_rnd a uniform one, u the node's fresh instance:
//
//   Σ_j (γʲ v_U,j + γ^{3+j} v_rnd,j) + χS  =  Σ_x f(x) + χ·g(x)
//   f = eq(r_U, ·)·Σ γʲ (M_j z_U) + eq(r_rnd, ·)·Σ γ^{3+j} (M_j z_rnd) + pow_τ·γ⁶ (ab − c)_u
//
// g is the Libra mask in U_rnd's witness and S its sum over the cube. At the random point r' the prover
// sends nine evaluations and, of the Libra columns, y_U = ⟨l(r'), U's⟩ and y_g = g(r'); u's are zero. The
// result carries one claim more than a running instance: ⟨l(r'), Libra columns of W'⟩ = y' = y_U + ρ·y_g.

import {
  Fp,
  type Permutation,
  TAG,
  Transcript,
  hashChain,
  horner,
  innerProduct,
  powers,
  shortChallenge,
} from "@foldmesh/algebra";
import {
  type FreshInstance,
  type RunningInstance,
  type Statement,
  type Triple,
  pointLimbs,
  statementHash,
} from "@foldmesh/circuits";
import {
  type RoundMessage,
  type SlotOpening,
  evaluateTables,
  foldInstance,
  productTables,
  sumcheckRound,
} from "../multifold.ts";
import { eqAt, powAt } from "../multilinear.ts";
import type { Setup } from "../setup.ts";
import { linearSummand, powSummand, runSumcheck, scaledTriple } from "../sumcheck.ts";
import { libraEvaluate, libraSum, libraSummand } from "./libra.ts";

export interface FinalSlots {
  readonly U: RunningInstance;
  readonly Urnd: RunningInstance;
  readonly u: FreshInstance;
}

/** Statement hash and kind of the node, hash of U_rnd. */
export interface FinalHeader {
  readonly d: bigint;
  readonly dRnd: bigint;
  readonly k: bigint;
}

export interface FinalFoldProof {
  readonly S: bigint;
  /** s messages. */
  readonly rounds: readonly RoundMessage[];
  /** Evaluations of U, U_rnd and u. */
  readonly evals: Triple<Triple<bigint>>;
  readonly yU: bigint;
  readonly yG: bigint;
}

/** The folded instance with its Libra claim, and the chaining value that stands for the whole fold. */
export interface FinalInstance {
  readonly instance: RunningInstance;
  readonly y: bigint;
  readonly chain: bigint;
}

/** Hash of the uniform running instance. */
const maskHash = (permute: Permutation, { C, X, r, v }: RunningInstance): bigint =>
  hashChain(permute, TAG.mask, [...pointLimbs(C), ...X, ...r, ...v]);

/** What both sides start from. */
export const finalHeader = (
  permute: Permutation,
  vk: bigint,
  { k, D }: { readonly k: bigint; readonly D: Statement },
  Urnd: RunningInstance,
): FinalHeader => ({
  d: statementHash(permute, vk, D),
  dRnd: maskHash(permute, Urnd),
  k,
});

const zeros = (n: number): bigint[] => Array.from({ length: n }, () => 0n);

interface FinalChallenges {
  /** γʲ, j < 7. */
  readonly gammas: readonly bigint[];
  readonly tau: bigint;
  readonly chi: bigint;
}

function openTranscript(
  permute: Permutation,
  { d, dRnd, k }: FinalHeader,
  u: FreshInstance,
  S: bigint,
): { transcript: Transcript; challenges: FinalChallenges } {
  const transcript = new Transcript(permute, TAG.compress);
  const block = [d, dRnd, k, ...pointLimbs(u.C), S, ...zeros(8)];
  const { lane1: gamma, lane2: tau, lane3: chi } = transcript.absorb(block);
  return { transcript, challenges: { gammas: powers(Fp, gamma, 7), tau, chi } };
}

const initialClaim = (
  { gammas, chi }: FinalChallenges,
  { U, Urnd }: FinalSlots,
  S: bigint,
): bigint => Fp.reduce(innerProduct(Fp, gammas.slice(0, 6), [...U.v, ...Urnd.v]) + chi * S);

/** What the sumcheck's last claim must be. */
function finalValue(
  { gammas, tau, chi }: FinalChallenges,
  point: readonly bigint[],
  { U, Urnd }: FinalSlots,
  { evals, yG }: FinalFoldProof,
): bigint {
  const [sigmaU, sigmaRnd, [a, b, c]] = evals;
  const linear = (offset: number, sigma: Triple<bigint>): bigint =>
    innerProduct(Fp, gammas.slice(offset, offset + 3), sigma);
  return Fp.reduce(
    eqAt(U.r, point) * linear(0, sigmaU) +
      eqAt(Urnd.r, point) * linear(3, sigmaRnd) +
      powAt(tau, point) * Fp.mul(gammas[6]!, a * b - c) +
      chi * yG,
  );
}

/** Absorbs the evaluations, squeezes ρ and folds. */
function finish(
  transcript: Transcript,
  point: readonly bigint[],
  { U, Urnd, u }: FinalSlots,
  { evals, yU, yG }: FinalFoldProof,
): { rho: bigint; folded: FinalInstance } {
  const block = [...evals.flat(), yU, yG, ...zeros(5)];
  const { value: rho } = shortChallenge(transcript.absorb(block).lane1);
  const instance = foldInstance(rho, point, [U, Urnd, u], evals);
  const y = horner(Fp, rho, [yU, yG]);
  return { rho, folded: { instance, y, chain: transcript.chain } };
}

export interface FinalFolded {
  readonly proof: FinalFoldProof;
  readonly folded: FinalInstance;
  readonly opening: SlotOpening;
}

/**
 * @param openings of U, U_rnd and u
 * @param libra coefficients in the Libra columns of U and of U_rnd
 * Allocates in the engine's current scope.
 */
export async function finalFoldProve(
  setup: Setup,
  header: FinalHeader,
  slots: FinalSlots,
  openings: Triple<SlotOpening>,
  libra: { readonly U: readonly bigint[]; readonly Urnd: readonly bigint[] },
): Promise<FinalFolded> {
  const { engine, permute } = setup;
  const F = engine.Fp;
  const S = libraSum(libra.Urnd);
  const { transcript, challenges } = openTranscript(permute, header, slots.u, S);
  const { gammas, tau, chi } = challenges;
  const tables = [
    productTables(setup, slots.U.X, openings[0].W),
    productTables(setup, slots.Urnd.X, openings[1].W),
    productTables(setup, slots.u.X, openings[2].W),
  ] as const;
  const summands = [
    linearSummand(F, slots.U.r, F.linear(gammas.slice(0, 3), tables[0])),
    linearSummand(F, slots.Urnd.r, F.linear(gammas.slice(3, 6), tables[1])),
    powSummand(F, tau, setup.system.s, [scaledTriple(F, gammas[6]!, tables[2])]),
    libraSummand(libra.Urnd, chi),
  ];
  const { rounds, point } = await runSumcheck(
    Fp,
    setup.system.s,
    summands,
    (message, claim) => sumcheckRound(transcript, claim, message),
    initialClaim(challenges, slots, S),
  );
  const eq = F.eqTable(point);
  const proof: FinalFoldProof = {
    S,
    rounds,
    evals: [
      await evaluateTables(F, tables[0], eq),
      await evaluateTables(F, tables[1], eq),
      await evaluateTables(F, tables[2], eq),
    ],
    yU: libraEvaluate(libra.U, point),
    yG: libraEvaluate(libra.Urnd, point),
  };
  const { rho, folded } = finish(transcript, point, slots, proof);
  const W = F.horner(
    rho,
    openings.map((opening) => opening.W),
  );
  const b = horner(
    Fp,
    rho,
    openings.map((opening) => opening.b),
  );
  return { proof, folded, opening: { W, b } };
}

/** The verifier's side, or null when the last check fails. Slots and proof must be well formed. */
export function finalFoldVerify(
  permute: Permutation,
  header: FinalHeader,
  slots: FinalSlots,
  proof: FinalFoldProof,
): FinalInstance | null {
  const { transcript, challenges } = openTranscript(permute, header, slots.u, proof.S);
  let claim = initialClaim(challenges, slots, proof.S);
  const point: bigint[] = [];
  for (const message of proof.rounds) {
    const step = sumcheckRound(transcript, claim, message);
    point.push(step.challenge);
    claim = step.claim;
  }
  if (finalValue(challenges, point, slots, proof) !== claim) return null;
  return finish(transcript, point, slots, proof).folded;
}
