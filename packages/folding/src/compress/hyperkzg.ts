// HyperKZG: that a multilinear polynomial given by a KZG commitment to its table has the value w at ρ ∈ F_p^ℓ
// (Gemini, eprint 2022/420 §2.4.2; HyperKZG in microsoft/Nova). With f₀(X) = Σ Wᵢ Xⁱ, even part e and odd part o,
//
//   f_k(X) = e_k(X²) + X·o_k(X²)     f_{k+1} = (1 − ρ')·e_k + ρ'·o_k,  ρ' = ρ_{ℓ−k} (the last variable first)
//
// and f_ℓ is the constant w. So with x_k = r^(2^k), the values p_k = f_k(x_k) and n_k = f_k(−x_k) satisfy
//
//   2x_k·p_{k+1} = (1 − ρ')·x_k·(p_k + n_k) + ρ'·(p_k − n_k),  p_ℓ = w:
//
// the n_k are sent, the p_k follow from the last to the first. (Nova opens every f_k at r, −r and r², three values
// instead of one.) All 2ℓ values are opened as one (Shplonk, eprint 2020/081 §4):
//
//   Q(X) = Σ_k ν^{2k}·(f_k(X) − p_k)/(X − x_k) + ν^{2k+1}·(f_k(X) − n_k)/(X + x_k)
//   L(X) = Σ_k λ_k·f_k(X) − λ − Q(X),  λ_k = ν^{2k}/(z − x_k) + ν^{2k+1}/(z + x_k),  L(z) = 0
//   e([L] + z·[L/(X − z)], [1]₂) = e([L/(X − z)], [τ]₂).
//
// Soundness in the algebraic group model: an adversary's [·] are combinations of powers of τ and of H, whose
// logarithm nobody knows; the equation then holds as one of polynomials in both, so nothing of H is in it. Each
// f_{k+1} is determined by f_k through the even and odd parts, whatever its degree: f₀ with coefficients behind
// 2^ℓ would make f_ℓ no constant, except with chance ℓ/p over ρ.
//
// There is no blinding: W must be uniform, up to what its claims say. See kzg-opening.ts.

import {
  type Engine,
  Fp,
  G1,
  type G2Point,
  G2_GENERATOR,
  type Point,
  type Vec,
  assert,
  everyOther,
  pairingsCancel,
  powers,
} from "@foldmesh/algebra";
import { FoldingError } from "../errors.ts";
import type { Setup } from "../setup.ts";
import { commit } from "../setup.ts";
import type { ByteTranscript } from "./byte-transcript.ts";
import type { Term } from "./ipa.ts";

export interface HyperKZGProof {
  /** [f₁] … [f_{ℓ−1}] */
  readonly folds: readonly Point[];
  /** n₀ … n_{ℓ−1} */
  readonly values: readonly bigint[];
  /** [Q] */
  readonly quotient: Point;
  /** [L/(X − z)] */
  readonly witness: Point;
}

/** A claim that a commitment of Σ terms is to a table whose polynomial is w at the point. */
export interface EvaluationClaim {
  readonly terms: readonly Term[];
  /** Most significant variable first. */
  readonly point: readonly bigint[];
  readonly w: bigint;
}

// ---- transcript, in order; shared by both sides

function squeeze(transcript: ByteTranscript, label: string, elements: readonly bigint[]): bigint {
  transcript.absorb(label, elements);
  return transcript.challenge(Fp);
}

const foldsChallenge = (transcript: ByteTranscript, w: bigint, folds: readonly Point[]): bigint =>
  squeeze(transcript, "folds", [w, ...folds.flat()]);

const valuesChallenge = (transcript: ByteTranscript, values: readonly bigint[]): bigint =>
  squeeze(transcript, "values", values);

const quotientChallenge = (transcript: ByteTranscript, quotient: Point): bigint =>
  squeeze(transcript, "quotient", quotient);

// ---- what both sides compute

/** [r, r², r⁴, …] */
function squares(r: bigint, count: number): bigint[] {
  const xs = [r];
  while (xs.length < count) xs.push(Fp.mul(xs.at(-1)!, xs.at(-1)!));
  return xs;
}

/** p₀ … p_{ℓ−1}; null when a challenge leaves one open. */
function positiveValues(
  { point, w }: Pick<EvaluationClaim, "point" | "w">,
  xs: readonly bigint[],
  values: readonly bigint[],
): bigint[] | null {
  const out: bigint[] = [];
  let next = w;
  for (let k = xs.length - 1; k >= 0; k--) {
    const [x, rho] = [xs[k]!, point[xs.length - 1 - k]!];
    const even = (1n - rho) * x;
    const slope = Fp.reduce(even + rho);
    if (slope === 0n) return null;
    next = Fp.mul(2n * x * next - (even - rho) * values[k]!, Fp.inv(slope));
    out.unshift(next);
  }
  return out;
}

/** λ₀ … λ_{ℓ−1} and λ; null when z is one of the points. */
function combination(
  z: bigint,
  nu: bigint,
  xs: readonly bigint[],
  positive: readonly bigint[],
  negative: readonly bigint[],
): { weights: bigint[]; constant: bigint } | null {
  const differences = xs.flatMap((x) => [Fp.sub(z, x), Fp.add(z, x)]);
  if (differences.includes(0n)) return null;
  const scales = powers(Fp, nu, differences.length);
  const factors = Fp.batchInv(differences).map((inverse, n) => Fp.mul(scales[n]!, inverse));
  const values = xs.flatMap((_, k) => [positive[k]!, negative[k]!]);
  return {
    weights: xs.map((_, k) => Fp.add(factors[2 * k]!, factors[2 * k + 1]!)),
    constant: Fp.reduce(values.reduce((sum, value, n) => sum + value * factors[n]!, 0n)),
  };
}

// ---- prover

/**
 * @param W of length 2^ℓ ≥ 2, the key's. Allocates in the engine's current scope.
 * @throws FoldingError DEGENERATE with a chance of about 2^-240: draw afresh
 */
export async function hyperKZGProve(
  { engine, keys }: Pick<Setup, "engine" | "keys">,
  { point, w }: Pick<EvaluationClaim, "point" | "w">,
  W: Vec,
  transcript: ByteTranscript,
): Promise<HyperKZGProof> {
  assert(W.length === 2 ** point.length && W.length >= 2, "hyperkzg: lengths");
  const commitTo = (f: Vec): Promise<Point> => commit(engine, keys.w, f, 0n);
  const polynomials = await foldAll(engine, W, point);
  const folds: Point[] = [];
  for (const f of polynomials.slice(1)) folds.push(await commitTo(f));
  const xs = squares(foldsChallenge(transcript, w, folds), point.length);
  const divided = await divideAll(engine, polynomials, xs);
  const values = divided.map(({ negative }) => negative.value);
  const nu = valuesChallenge(transcript, values);
  const Q = batchedQuotient(engine, divided, nu);
  const quotient = await commitTo(Q);
  const z = quotientChallenge(transcript, quotient);
  const positive = divided.map((parts) => parts.positive.value);
  const batch = combination(z, nu, xs, positive, values);
  if (batch === null) throw new FoldingError("DEGENERATE", "a challenge of the opening repeats");
  const witness = await commitTo(await lastQuotient(engine, polynomials, batch.weights, Q, z));
  transcript.absorb("witness", witness);
  return { folds, values, quotient, witness };
}

/** f₀ … f_{ℓ−1} */
async function foldAll({ Fp: F }: Engine, W: Vec, point: readonly bigint[]): Promise<Vec[]> {
  const out = [W];
  for (let k = 0; k + 1 < point.length; k++) {
    const rho = point[point.length - 1 - k]!;
    const bytes = await F.toBytes(out[k]!);
    const [even, odd] = [F.fromBytes(everyOther(bytes, 0)), F.fromBytes(everyOther(bytes, 1))];
    out.push(F.linear([Fp.sub(1n, rho), rho], [even, odd]));
  }
  return out;
}

/** f = (X − a)·quotient + value */
interface Division {
  readonly quotient: bigint[];
  readonly value: bigint;
}

/** By Horner: each coefficient needs the one before, so there is no kernel for it. */
function divide(f: readonly bigint[], a: bigint): Division {
  const { modulus } = Fp;
  const quotient = Array.from({ length: f.length - 1 }, () => 0n);
  let value = f.at(-1)!;
  for (let n = f.length - 2; n >= 0; n--) {
    quotient[n] = value;
    value = (value * a + f[n]!) % modulus;
  }
  return { quotient, value };
}

interface Divided {
  readonly positive: Division;
  readonly negative: Division;
}

/** Every f_k by X − x_k and by X + x_k. */
async function divideAll(
  { Fp: F }: Engine,
  polynomials: readonly Vec[],
  xs: readonly bigint[],
): Promise<Divided[]> {
  const out: Divided[] = [];
  for (const [k, f] of polynomials.entries()) {
    const coefficients = await F.toElements(f);
    const [x, minus] = [xs[k]!, Fp.neg(xs[k]!)];
    out.push({ positive: divide(coefficients, x), negative: divide(coefficients, minus) });
  }
  return out;
}

function batchedQuotient({ Fp: F }: Engine, divided: readonly Divided[], nu: bigint): Vec {
  const quotients = divided.flatMap(({ positive, negative }) => [positive, negative]);
  const { length } = quotients[0]!.quotient;
  const scales = powers(Fp, nu, quotients.length);
  return quotients.reduce((sum, { quotient }, n) => {
    const scaled = F.scale(scales[n]!, F.fromElements(quotient));
    return F.add(sum, F.padded(scaled, length));
  }, F.zeros(length));
}

/** L/(X − z); the constant λ leaves it as it is. */
async function lastQuotient(
  { Fp: F }: Engine,
  polynomials: readonly Vec[],
  weights: readonly bigint[],
  Q: Vec,
  z: bigint,
): Promise<Vec> {
  const { length } = polynomials[0]!;
  const sum = F.linear(
    [...weights, Fp.neg(1n)],
    [...polynomials, Q].map((f) => F.padded(f, length)),
  );
  return F.fromElements(divide(await F.toElements(sum), z).quotient);
}

// ---- verifier

/** e(Σ terms, [1]₂) = e(witness, [τ]₂): what is left of an opening, one pairing check. Plain data. */
export interface PairingObligation {
  readonly terms: readonly Term[];
  readonly witness: Point;
}

const ONE: Point = [1n, 2n];

/** Reduces the verification to an obligation, or null when a challenge is one that no honest prover meets. */
export function hyperKZGReduce(
  { terms, ...claim }: EvaluationClaim,
  { folds, values, quotient, witness }: HyperKZGProof,
  transcript: ByteTranscript,
): PairingObligation | null {
  const xs = squares(foldsChallenge(transcript, claim.w, folds), claim.point.length);
  const nu = valuesChallenge(transcript, values);
  const z = quotientChallenge(transcript, quotient);
  transcript.absorb("witness", witness);
  const positive = positiveValues(claim, xs, values);
  if (positive === null) return null;
  const batch = combination(z, nu, xs, positive, values);
  if (batch === null) return null;
  const { weights, constant } = batch;
  return {
    terms: [
      ...terms.map(([k, P]): Term => [Fp.mul(weights[0]!, k), P]),
      ...folds.map((P, k): Term => [weights[k + 1]!, P]),
      [Fp.neg(constant), ONE],
      [Fp.neg(1n), quotient],
      [z, witness],
    ],
    witness,
  };
}

/**
 * Whether a combination of obligations holds: with random factors only if all do, up to a chance of one in
 * the number of factors.
 */
export function pairingsHold(
  tau2: G2Point,
  factors: readonly bigint[],
  obligations: readonly PairingObligation[],
): boolean {
  const left = G1.msm(
    obligations.flatMap(({ terms }) => terms.map(([, P]) => P)),
    obligations.flatMap(({ terms }, n) => terms.map(([k]) => Fp.mul(factors[n]!, k))),
  );
  const right = G1.msm(
    obligations.map(({ witness }) => witness),
    factors,
  );
  return pairingsCancel([
    [left, G2_GENERATOR],
    [right === null ? null : G1.neg(right), tau2],
  ]);
}
