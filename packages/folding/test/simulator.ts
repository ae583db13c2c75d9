// A simulator of the last fold: from a statement and challenges of its own choice it makes messages that an
// honest verifier accepts once the oracle is programmed to give those challenges. It knows no witness.

import {
  Fp,
  G1,
  type Permutation,
  type Point,
  type Rng,
  horner,
  oddScalar,
  powers,
} from "@foldmesh/algebra";
import { type RunningInstance, type Statement, type Triple, freshX } from "@foldmesh/circuits";
import {
  type FinalFoldProof,
  type FinalHeader,
  type FinalSlots,
  finalFoldVerify,
  finalHeader,
} from "../src/compress/final-fold.ts";
import { libraColumns, libraEvaluate } from "../src/compress/libra.ts";
import type { Compressor } from "../src/index.ts";
import { type OpenRunning, evaluateMatrices, randomRunning } from "../src/mask.ts";
import { eqAt, powAt } from "../src/multilinear.ts";

interface Challenges {
  readonly gamma: bigint;
  readonly tau: bigint;
  readonly chi: bigint;
  readonly at: readonly bigint[];
  /** t of ρ. */
  readonly t: bigint;
}

export interface Simulated {
  readonly header: FinalHeader;
  readonly slots: FinalSlots;
  readonly proof: FinalFoldProof;
  /** The programmed oracle. */
  readonly oracle: Permutation;
  /** The opening of the folded instance, and what that must be. */
  readonly target: OpenRunning;
  readonly y: bigint;
}

const drawTriple = (rng: Rng): Triple<bigint> => [
  rng.element(Fp),
  rng.element(Fp),
  rng.element(Fp),
];

function drawChallenges(rng: Rng, s: number): Challenges {
  const [gamma, tau, chi, lane] = rng.elements(Fp, 4) as [bigint, bigint, bigint, bigint];
  return { gamma, tau, chi, at: rng.elements(Fp, s), t: BigInt.asUintN(127, lane) };
}

/** A uniform opened instance at the point of the sumcheck. */
async function drawTarget(
  able: Compressor,
  at: readonly bigint[],
  rng: Rng,
): Promise<{ target: OpenRunning; y: bigint }> {
  const drawn = await randomRunning(able, rng);
  const v = await evaluateMatrices(able, at, drawn.U.X, able.engine.Fp.fromBytes(drawn.W));
  const y = libraEvaluate(libraColumns(able.system, drawn.W), at);
  return { target: { ...drawn, U: { ...drawn.U, r: at, v } }, y };
}

/** The middle of target = a + ρ·middle + ρ²·b. */
const unfold = (rho: bigint, target: bigint, a: bigint, b: bigint): bigint =>
  Fp.mul(target - a - rho * rho * b, Fp.inv(rho));

const unfoldPoint = (rho: bigint, target: Point, a: Point, b: Point): Point =>
  G1.mul(Fp.inv(rho), G1.msm([target, a, b], [1n, -1n, -rho * rho]))!;

/** S for which the rounds lead from the claim to the last check. */
function solveSum(
  { gamma, tau, chi, at }: Challenges,
  { U, Urnd }: FinalSlots,
  { rounds, evals, yG }: Omit<FinalFoldProof, "S">,
): bigint {
  const gammas = powers(Fp, gamma, 7);
  const linear = (n: number, [a, b, c]: Triple<bigint>): bigint =>
    gammas[n]! * a + gammas[n + 1]! * b + gammas[n + 2]! * c;
  const [sigmaU, sigmaRnd, [a, b, c]] = evals;
  const last =
    eqAt(U.r, at) * linear(0, sigmaU) +
    eqAt(Urnd.r, at) * linear(3, sigmaRnd) +
    powAt(tau, at) * gammas[6]! * (a * b - c) +
    chi * yG;
  const through = (claim: bigint): bigint =>
    at.reduce((T, x, k) => {
      const [c0, c2, c3] = rounds[k]!;
      return horner(Fp, x, [c0, T - 2n * c0 - c2 - c3, c2, c3]);
    }, claim);
  const slope = Fp.sub(through(1n), through(0n)); // every round is affine in its claim
  const claim = (last - through(0n)) * Fp.inv(slope);
  return Fp.mul(claim - linear(0, U.v) - linear(3, Urnd.v), Fp.inv(chi));
}

/** Answers the verifier's calls for this proof with the challenges. */
function programmed(
  permute: Permutation,
  { gamma, tau, chi, at, t }: Challenges,
  { header, slots, proof }: Pick<Simulated, "header" | "slots" | "proof">,
): Permutation {
  const answers = new Map<string, bigint[]>();
  const lanes = [[gamma, tau, chi], ...at.map((x) => [x]), [t]];
  const oracle: Permutation = (state) => answers.get(state.join()) ?? permute(state);
  const recording: Permutation = (state) => {
    const step = answers.size;
    const chain = BigInt(1000 + step);
    const rest = Array.from({ length: state.length }, () => 0n);
    answers.set(state.join(), [chain, ...lanes[step]!, ...rest].slice(0, state.length));
    return oracle(state);
  };
  finalFoldVerify(recording, header, slots, proof);
  return oracle;
}

/** Simulates for the statement of a merge. Runs in the current scope. */
export async function simulateFold(able: Compressor, D: Statement, rng: Rng): Promise<Simulated> {
  const { permute, system } = able;
  const challenges = drawChallenges(rng, system.s);
  const rho = oddScalar(challenges.t);
  const { target, y } = await drawTarget(able, challenges.at, rng);
  const { U } = D;
  const u = {
    C: G1.mul(rng.element(Fp), system.generators.h)!, // any commitment hides anything
    X: freshX(permute, system.vk, 1n, D),
  };
  const [sigmaU, theta, yU] = [drawTriple(rng), drawTriple(rng), rng.element(Fp)];
  const v = (n: 0 | 1 | 2): bigint => unfold(rho, target.U.v[n], sigmaU[n], theta[n]);
  const Urnd: RunningInstance = {
    C: unfoldPoint(rho, target.U.C, U.C, u.C),
    X: target.U.X.map((x, n) => unfold(rho, x, U.X[n]!, u.X[n]!)),
    r: rng.elements(Fp, system.s),
    v: drawTriple(rng),
  };
  const slots = { U, Urnd, u };
  const messages = {
    rounds: challenges.at.map(() => drawTriple(rng)),
    evals: [sigmaU, [v(0), v(1), v(2)], theta] as const,
    yU,
    yG: unfold(rho, y, yU, 0n),
  };
  const proof = { ...messages, S: solveSum(challenges, slots, messages) };
  const header = finalHeader(permute, system.vk, { k: 1n, D }, Urnd);
  const oracle = programmed(permute, challenges, { header, slots, proof });
  return { header, slots, proof, oracle, target, y };
}
