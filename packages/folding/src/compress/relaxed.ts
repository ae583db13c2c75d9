// The CycleFold side of a compressed proof (§9 step 4): that Φ = (C_X, C_W, C_E) opens to (X, W, E) with
// Az∘Bz − X₀·Cz = E, z = X ‖ W, in about 3.6 kB.
//
//   1. Fold Φ with a uniform satisfying Φ_rnd (Nova's fold of relaxed instances, eprint 2021/370 §4):
//        X' = X + rX_rnd, W' likewise, E' = E + rT + r²E_rnd, T = cross(Φ, Φ_rnd); blinds and commitments alike.
//   2. X' and its blind in the clear: C_X' is opened.
//   3. Σ_x pow_τ(x)·(Az'·Bz' − (X₀'·Cz' + E'))(x) = 0 by sumcheck (Spartan, eprint 2019/550), then the values
//      a, b, c, e of Az', Bz', Cz', E' at its point ϱ.
//   4. With m = Σ αʲ·M_jᵀ·eq(ϱ), split as (m_X, m_W): ⟨W', m_W⟩ = a + αb + α²c − ⟨m_X, X'⟩ and
//      ⟨E', eq(ϱ)⟩ = e. The verifier computes m itself, so there is no second sumcheck.
//   5. W' and E' lie under the same generators, so one argument opens both: with p₁ = ⟨E', m_W⟩ and
//      p₂ = ⟨W', eq(ϱ)⟩ sent before β and δ, V = W' + βE' has
//        ⟨V, m_W + δ·eq(ϱ)⟩ = (⟨W', m_W⟩ + βp₁) + δ(p₂ + βe).
//      V is bound to W' + βE' by C_W' + βC_E'; as a polynomial in β and δ the claim says all four products.
//
// Zero knowledge. Whatever Φ's opening is, (X', W', E') with their blinds is the opening of a uniform satisfying
// instance: X_rnd, W_rnd and the blinds of all three of Φ_rnd's commitments are uniform and r ≠ 0, and E' is a
// function of X' and W'. C_T is uniform, blinded by a b_T of its own, whose share of b_E' b_E,rnd hides.
// A simulator draws X', W', b_X', b_W', b_E', the point C_T and r; computes E' and the commitments of Φ';
// solves for Φ_rnd (C_X,rnd = r⁻¹(C_X' − C_X), …, C_E,rnd = r⁻²(C_E' − C_E − rC_T)); programs the oracle to
// answer r; and then runs steps 2 to 5 as they are. So the sumcheck needs no mask and the argument no blinding:
// all they could tell is a function of an opening that the simulator drew. This holds for any Φ, masked
// leaf or not, and for any number of proofs, as long as Φ_rnd is used once.

import {
  type Engine,
  Fq,
  Grumpkin,
  type Point,
  type Rng,
  type Vec,
  type VectorField,
  horner,
  innerProduct,
  powers,
} from "@foldmesh/algebra";
import {
  CYCLE_FOLD_PUBLIC,
  type CycleFoldInstance,
  type Quad,
  type Triple,
} from "@foldmesh/circuits";
import { type CycleFoldOpening, crossTerm } from "../cyclefold.ts";
import { randomCycleFold } from "../mask.ts";
import type { RoundMessage } from "../multifold.ts";
import { powAt } from "../multilinear.ts";
import { type Setup, commit, products } from "../setup.ts";
import { samePoint } from "../statement.ts";
import { type RoundVerifier, powSummand, runSumcheck } from "../sumcheck.ts";
import type { ByteTranscript } from "./byte-transcript.ts";
import { type IpaProof, type Obligation, type Term, ipaProve, ipaReduce } from "./ipa.ts";
import { columnWeights } from "./opening.ts";
import type { Compressor, VerifierKey, VerifierSystem } from "./verifier-key.ts";

export interface RelaxedProof {
  /** Φ_rnd. */
  readonly random: CycleFoldInstance;
  readonly CT: Point;
  /** X' and its blind. */
  readonly X: readonly bigint[];
  readonly bX: bigint;
  /** One message for each variable of the rows. */
  readonly rounds: readonly RoundMessage[];
  /** Az', Bz', Cz', E' at ϱ. */
  readonly evals: Quad<bigint>;
  /** p₁ = ⟨E', m_W⟩ and p₂ = ⟨W', eq(ϱ)⟩. */
  readonly products: readonly [bigint, bigint];
  /** Blind of C_W' + βC_E'. */
  readonly blind: bigint;
  readonly ipa: IpaProof;
}

/** Variables of the rows of CF, which are also the rounds of the argument: |W'| ≤ rows. */
export const relaxedRounds = ({ dims }: Pick<VerifierSystem, "dims">): number =>
  Math.ceil(Math.log2(Math.max(dims.cycleFoldRows, dims.cycleFoldWitness)));

// ---- transcript, in order; shared by both sides

const foldChallenge = (
  transcript: ByteTranscript,
  a: bigint,
  { CX, CW, CE }: CycleFoldInstance,
  CT: Point,
): bigint => squeeze(transcript, "cyclefold", [a, ...CX, ...CW, ...CE, ...CT]);

function squeeze(transcript: ByteTranscript, label: string, elements: readonly bigint[]): bigint {
  transcript.absorb(label, elements);
  return transcript.challenge(Fq);
}

/** Absorbs a message of the sumcheck. */
const roundVerifier =
  (transcript: ByteTranscript): RoundVerifier =>
  ([c0, c2, c3], claim) => {
    const c1 = Fq.reduce(claim - 2n * c0 - c2 - c3);
    const challenge = squeeze(transcript, "round", [c0, c2, c3]);
    return { challenge, claim: horner(Fq, challenge, [c0, c1, c2, c3]) };
  };

// ---- steps 4 and 5, shared by both sides

/** The two weight vectors, of the key's length. */
interface RowAndColumnWeights {
  readonly mX: readonly bigint[];
  readonly mW: Vec;
  readonly eq: Vec;
}

async function weightsAt(
  { engine, transposed, keys }: VerifierKey,
  point: readonly bigint[],
  alpha: bigint,
): Promise<RowAndColumnWeights> {
  const F = engine.Fq;
  const table = F.eqTable(point);
  const m = columnWeights(F, transposed.CF, table, powers(Fq, alpha, 3));
  const n = keys.cfw.length;
  return {
    mX: await F.toElements(F.slice(m, 0, CYCLE_FOLD_PUBLIC)),
    mW: F.padded(F.slice(m, CYCLE_FOLD_PUBLIC, m.length), n),
    eq: F.slice(table, 0, n),
  };
}

/** ⟨W', m_W⟩ of step 4. */
const witnessClaim = (
  alpha: bigint,
  [a, b, c]: Quad<bigint>,
  mX: readonly bigint[],
  X: readonly bigint[],
): bigint => Fq.sub(horner(Fq, alpha, [a, b, c]), innerProduct(Fq, mX, X));

interface BatchedClaim {
  readonly beta: bigint;
  readonly value: bigint;
  readonly x0: bigint;
  readonly weights: Vec;
}

/** Step 5. `blindFor` gives the blind of C_W' + βC_E'. */
function batchedClaim(
  transcript: ByteTranscript,
  F: VectorField,
  { mW, eq }: RowAndColumnWeights,
  claims: { readonly W: bigint; readonly E: bigint; readonly products: readonly [bigint, bigint] },
  blindFor: (beta: bigint) => bigint,
): BatchedClaim & { readonly blind: bigint } {
  const [p1, p2] = claims.products;
  const beta = squeeze(transcript, "products", [p1, p2]);
  const blind = blindFor(beta);
  const delta = squeeze(transcript, "blind", [blind]);
  const value = Fq.reduce(claims.W + beta * p1 + delta * (p2 + beta * claims.E));
  const x0 = squeeze(transcript, "claim", [value]);
  return { beta, blind, value, x0, weights: F.linear([1n, delta], [mW, eq]) };
}

// ---- prover

/** The opening of Φ' in the engine. */
export interface FoldedOpening {
  readonly X: readonly bigint[];
  readonly bX: bigint;
  readonly W: Vec;
  readonly bW: bigint;
  readonly E: Vec;
  readonly bE: bigint;
}

/** Step 1. Draws over F_q: those of `randomCycleFold`, then b_T. */
async function foldWithRandom(
  setup: Setup,
  transcript: ByteTranscript,
  a: bigint,
  phi: CycleFoldOpening,
  rng: Rng,
): Promise<RelaxedFold & { folded: FoldedOpening }> {
  const { engine, keys } = setup;
  const F = engine.Fq;
  const { Phi: random, phi: rnd } = await randomCycleFold(setup, rng);
  const bT = rng.element(Fq);
  const T = crossTerm(setup, productsOf(setup, phi), productsOf(setup, rnd), phi.X[0]!, rnd.X[0]!);
  const CT = await commit(engine, keys.cfw, T, bT);
  const r = foldChallenge(transcript, a, random, CT);
  return {
    random,
    CT,
    folded: {
      X: phi.X.map((x, n) => Fq.reduce(x + r * rnd.X[n]!)),
      bX: Fq.reduce(phi.bX + r * rnd.bX),
      W: F.horner(r, [F.fromBytes(phi.W), F.fromBytes(rnd.W)]),
      bW: Fq.reduce(phi.bW + r * rnd.bW),
      E: F.horner(r, [F.fromBytes(phi.E), T, F.fromBytes(rnd.E)]),
      bE: horner(Fq, r, [phi.bE, bT, rnd.bE]),
    },
  };
}

const productsOf = ({ engine, CF }: Setup, { X, W }: CycleFoldOpening): Triple<Vec> => {
  const F = engine.Fq;
  return products(F, CF, F.concat([F.fromElements(X), F.fromBytes(W)]));
};

/** Step 3: tables are [Az', Bz', Cz', E'] padded to a power of two; they are left intact. */
async function proveRelation(
  F: VectorField,
  transcript: ByteTranscript,
  tables: Quad<Vec>,
  u: bigint,
  tau: bigint,
): Promise<{ rounds: RoundMessage[]; point: bigint[]; evals: Quad<bigint> }> {
  const [a, b, c, e] = tables;
  const s = Math.log2(a.length);
  const copy = (v: Vec): Vec => F.slice(v, 0, v.length);
  const summand = powSummand(F, tau, s, [[copy(a), copy(b), F.linear([u, 1n], [c, e])]]);
  const run = await runSumcheck(Fq, s, [summand], roundVerifier(transcript), 0n);
  const eq = F.eqTable(run.point);
  const at = (v: Vec): Promise<bigint> => F.innerProduct(v, eq);
  return { ...run, evals: [await at(a), await at(b), await at(c), await at(e)] };
}

/** Φ_rnd and C_T, as the verifier gets them. */
type RelaxedFold = Pick<RelaxedProof, "random" | "CT">;

/**
 * @param transcript behind the main opening, @param a the last scalar of its argument
 * Draws over F_q: those of `randomCycleFold`, then b_T. Allocates in the engine's current scope.
 */
export async function relaxedProve(
  setup: Compressor,
  transcript: ByteTranscript,
  a: bigint,
  phi: CycleFoldOpening,
  rng: Rng,
): Promise<RelaxedProof> {
  const { folded, ...fold } = await foldWithRandom(setup, transcript, a, phi, rng);
  return openFolded(setup, transcript, fold, folded);
}

/** Steps 2 to 5: a function of Φ' and its opening. */
export async function openFolded(
  setup: Compressor,
  transcript: ByteTranscript,
  fold: RelaxedFold,
  { X, bX, W, bW, E, bE }: FoldedOpening,
): Promise<RelaxedProof> {
  const { engine, CF, verifier, system } = setup;
  const F = engine.Fq;
  const tau = squeeze(transcript, "relaxed", [...X, bX]);
  const n = 2 ** relaxedRounds(system);
  const pad = (v: Vec): Vec => F.padded(v, n);
  const [az, bz, cz] = products(F, CF, F.concat([F.fromElements(X), W]));
  const tables: Quad<Vec> = [pad(az), pad(bz), pad(cz), pad(E)];
  const { rounds, point, evals } = await proveRelation(F, transcript, tables, X[0]!, tau);
  const alpha = squeeze(transcript, "evaluations", evals);
  const weights = await weightsAt(verifier, point, alpha);
  const [longW, longE] = [F.padded(W, weights.mW.length), F.padded(E, weights.mW.length)];
  const crossed = [
    await F.innerProduct(longE, weights.mW),
    await F.innerProduct(longW, weights.eq),
  ] as const;
  const claims = {
    W: witnessClaim(alpha, evals, weights.mX, X),
    E: evals[3],
    products: crossed,
  };
  const batched = batchedClaim(transcript, F, weights, claims, (beta) => Fq.reduce(bW + beta * bE));
  const ipa = await ipaProve(
    engine,
    verifier.keys.cfw,
    Grumpkin.mul(batched.x0, verifier.ipaQ.Grumpkin)!,
    pad(F.linear([1n, batched.beta], [longW, longE])),
    pad(batched.weights),
    transcript,
  );
  return { ...fold, X, bX, rounds, evals, products: crossed, blind: batched.blind, ipa };
}

// ---- verifier

/** Failed checks, and what is left to check of the opening. */
export type RelaxedReduced =
  | { readonly failures: readonly string[] }
  | { readonly obligation: Obligation };

const failed = (failure: string): RelaxedReduced => ({ failures: [`Phi: ${failure}`] });

/** Checks all but one commitment. Φ and proof must be well formed. */
export async function relaxedReduce(
  key: VerifierKey,
  transcript: ByteTranscript,
  a: bigint,
  Phi: CycleFoldInstance,
  proof: RelaxedProof,
): Promise<RelaxedReduced> {
  const { engine, keys, ipaQ } = key;
  const { random, CT, X, bX, evals } = proof;
  const r = foldChallenge(transcript, a, random, CT);
  const CX = Grumpkin.add(Phi.CX, Grumpkin.mul(r, random.CX));
  if (!(await opensX(engine, keys.cfx, X, bX, CX))) return failed("public input");
  const tau = squeeze(transcript, "relaxed", [...X, bX]);
  const point = relationPoint(transcript, tau, X[0]!, proof);
  if (point === null) return failed("relation");
  const alpha = squeeze(transcript, "evaluations", evals);
  const weights = await weightsAt(key, point, alpha);
  const claims = {
    W: witnessClaim(alpha, evals, weights.mX, X),
    E: evals[3],
    products: proof.products,
  };
  const batched = batchedClaim(transcript, engine.Fq, weights, claims, () => proof.blind);
  const claim = {
    key: keys.cfw,
    terms: batchedCommitment(Phi, proof, r, batched.beta),
    blind: proof.blind,
    b: batched.weights,
    value: batched.value,
  };
  const Q = { base: ipaQ.Grumpkin, x0: batched.x0 };
  const obligation = await ipaReduce(engine, claim, Q, proof.ipa, transcript);
  return obligation === null ? failed("opening") : { obligation };
}

async function opensX(
  engine: Engine,
  key: VerifierKey["keys"]["cfx"],
  X: readonly bigint[],
  bX: bigint,
  CX: Point | null,
): Promise<boolean> {
  const point = await engine.commit(key, engine.Fq.fromElements(X), bX);
  return point !== null && CX !== null && samePoint(point, CX);
}

/** Runs the sumcheck's verifier; null when its last check fails. */
function relationPoint(
  transcript: ByteTranscript,
  tau: bigint,
  u: bigint,
  { rounds, evals: [a, b, c, e] }: RelaxedProof,
): bigint[] | null {
  const verifyRound = roundVerifier(transcript);
  const point: bigint[] = [];
  let claim = 0n;
  for (const message of rounds) {
    const step = verifyRound(message, claim);
    point.push(step.challenge);
    claim = step.claim;
  }
  return Fq.mul(powAt(tau, point, Fq), a * b - u * c - e) === claim ? point : null;
}

/** C_W' + βC_E' = (C_W + rC_W,rnd) + β(C_E + rC_T + r²C_E,rnd). */
const batchedCommitment = (
  Phi: CycleFoldInstance,
  { random, CT }: RelaxedProof,
  r: bigint,
  beta: bigint,
): Term[] => [
  [1n, Phi.CW],
  [r, random.CW],
  [beta, Phi.CE],
  [Fq.mul(beta, r), CT],
  [Fq.mul(beta, r * r), random.CE],
];
