// Inner-product argument (Bootle et al., eprint 2016/263; Bulletproofs, eprint 2017/1066 §3): knowledge of a
// with ⟨a, G⟩ = A and ⟨a, b⟩ = c for public b, both of length n = 2^k. With Q = x₀·(a base of its own) and
// P = A + c·Q, a round with challenge x over the halves lo, hi is
//
//   L = ⟨a_lo, G_hi⟩ + ⟨a_lo, b_hi⟩Q     R = ⟨a_hi, G_lo⟩ + ⟨a_hi, b_lo⟩Q
//   a' = x·a_lo + x⁻¹·a_hi    b' = x⁻¹·b_lo + x·b_hi    G' = x⁻¹·G_lo + x·G_hi    P' = P + x²L + x⁻²R
//
// No generators are ever folded: G' after some rounds is a combination of the first ones with the products
// of x^±1 as weights, so L and R are commitments under the one fixed key (`expand`), and so is the
// verifier's whole check.
//
// The key may be shorter than n, if b is zero behind its end. Generators there count as the identity: such
// entries of a are bound by nothing and matter to nothing. Folding keeps that so: where both halves lie
// behind the end, b' = 0 again; where only hi does, G'_j = x⁻¹·G_lo,j is bound and b'_j = x⁻¹·b_lo,j.
//
// There is no blinding: a must be uniform, up to what its claims say.

import {
  type CommitmentKey,
  type Curve,
  type Engine,
  type Point,
  type Vec,
  type VectorField,
  assert,
} from "@foldmesh/algebra";
import { FoldingError } from "../errors.ts";
import type { ByteTranscript } from "./byte-transcript.ts";

export interface IpaProof {
  /** k pairs (L, R). */
  readonly LR: readonly (readonly [L: Point, R: Point])[];
  readonly a: bigint;
}

/** Absorbs a round, returns its challenge. */
function challengeOf(transcript: ByteTranscript, curve: Curve, L: Point, R: Point): bigint {
  transcript.absorb("LR", [...L, ...R]);
  return transcript.challenge(curve.scalar);
}

const vectorsOf = (engine: Engine, { curve }: CommitmentKey): VectorField =>
  engine[curve.scalar.name];

/**
 * Weights of the first generators behind a vector over the generators folded with these challenges: block
 * t of the result is v times Π x_k^±1, by the bits of t from the most significant.
 */
function expand(F: VectorField, challenges: readonly bigint[], v: Vec): Vec {
  return challenges.reduceRight(
    (expanded, x) => F.concat([F.scale(F.field.inv(x), expanded), F.scale(x, expanded)]),
    v,
  );
}

const halves = (F: VectorField, v: Vec): [lo: Vec, hi: Vec] => [
  F.slice(v, 0, v.length / 2),
  F.slice(v, v.length / 2, v.length),
];

/** ⟨v, G'⟩ + inner·Q for a vector over the folded generators. */
async function crossCommitment(
  engine: Engine,
  key: CommitmentKey,
  Q: Point,
  { v, challenges, inner }: { v: Vec; challenges: readonly bigint[]; inner: bigint },
): Promise<Point> {
  const F = vectorsOf(engine, key);
  const { curve } = key;
  const sum = await engine.scope(() => {
    const expanded = expand(F, challenges, v);
    return engine.commit(key, F.slice(expanded, 0, Math.min(expanded.length, key.length)), 0n);
  });
  const point = curve.add(sum, curve.mul(inner, Q));
  if (point === null) {
    throw new FoldingError("DEGENERATE", "a round of the opening is the identity: draw afresh");
  }
  return point;
}

/** @param a, b of one length 2^k. Allocates in the engine's current scope. */
export async function ipaProve(
  engine: Engine,
  key: CommitmentKey,
  Q: Point,
  a: Vec,
  b: Vec,
  transcript: ByteTranscript,
): Promise<IpaProof> {
  assert(a.length === b.length && Number.isInteger(Math.log2(a.length)), "ipa: lengths");
  const F = vectorsOf(engine, key);
  const LR: [Point, Point][] = [];
  const challenges: bigint[] = [];
  while (a.length > 1) {
    const [aLo, aHi] = halves(F, a);
    const [bLo, bHi] = halves(F, b);
    const zeros = F.zeros(aLo.length);
    const commit = (v: Vec, inner: bigint): Promise<Point> =>
      crossCommitment(engine, key, Q, { v, challenges, inner });
    const L = await commit(F.concat([zeros, aLo]), await F.innerProduct(aLo, bHi));
    const R = await commit(F.concat([aHi, zeros]), await F.innerProduct(aHi, bLo));
    const x = challengeOf(transcript, key.curve, L, R);
    const xInv = F.field.inv(x);
    a = F.linear([x, xInv], [aLo, aHi]);
    b = F.linear([xInv, x], [bLo, bHi]);
    LR.push([L, R]);
    challenges.push(x);
  }
  return { LR, a: (await F.toElements(a))[0]! };
}

/** One term k·P of a sum on a curve. */
export type Term = readonly [k: bigint, P: Point];

/**
 * a·⟨s, G⟩ + blind·H = Σ terms, s the products of the challenges (`expand`): what is left of an opening, one
 * commitment to check. Plain data.
 */
export interface Obligation {
  readonly key: CommitmentKey;
  readonly challenges: readonly bigint[];
  readonly a: bigint;
  readonly blind: bigint;
  readonly terms: readonly Term[];
}

/** A claim that Σ terms = ⟨a, G⟩ + blind·H with ⟨a, b⟩ = value. */
export interface OpeningClaim {
  readonly key: CommitmentKey;
  readonly terms: readonly Term[];
  readonly blind: bigint;
  /** Weights; shorter than 2^k means zeros behind. */
  readonly b: Vec;
  readonly value: bigint;
}

/**
 * Reduces the verification to an obligation:
 * P + Σ x_k²L_k + x_k⁻²R_k = a⟨s, G⟩ + a⟨s, b⟩Q with Q = x₀·base. Null when a challenge is zero.
 */
export async function ipaReduce(
  engine: Engine,
  { key, terms, blind, b, value }: OpeningClaim,
  Q: { readonly base: Point; readonly x0: bigint },
  { LR, a }: IpaProof,
  transcript: ByteTranscript,
): Promise<Obligation | null> {
  const F = vectorsOf(engine, key);
  const { field } = F;
  const challenges = LR.map(([L, R]) => challengeOf(transcript, key.curve, L, R));
  if (challenges.includes(0n)) return null;
  const scalars = expand(F, challenges, F.fromElements([a]));
  const inner = await F.innerProduct(F.slice(scalars, 0, b.length), b);
  const rounds = LR.flatMap(([L, R], k): Term[] => {
    const square = field.mul(challenges[k]!, challenges[k]!);
    return [
      [square, L],
      [field.inv(square), R],
    ];
  });
  return {
    key,
    challenges,
    a,
    blind,
    terms: [...terms, ...rounds, [field.mul(Q.x0, value - inner), Q.base]],
  };
}

/** a·s, as far as there are bases. */
function scalarsOf(engine: Engine, { key, challenges }: Obligation, a: bigint): Vec {
  const F = vectorsOf(engine, key);
  const scalars = expand(F, challenges, F.fromElements([a]));
  return F.slice(scalars, 0, Math.min(scalars.length, key.length));
}

/** Σ factor·a·s. One obligation at a time is in the engine. */
async function combinedScalars(
  engine: Engine,
  factors: readonly bigint[],
  obligations: readonly Obligation[],
): Promise<Uint8Array> {
  const F = vectorsOf(engine, obligations[0]!.key);
  let sum: Uint8Array | undefined;
  for (const [n, obligation] of obligations.entries()) {
    sum = await engine.scope(() => {
      const scalars = scalarsOf(engine, obligation, F.field.mul(factors[n]!, obligation.a));
      return F.toBytes(sum === undefined ? scalars : F.add(scalars, F.fromBytes(sum)));
    });
  }
  return sum!;
}

/**
 * Whether a combination of obligations under one key holds: with random factors only if all do, up to a
 * chance of one in the number of factors. An obligation by itself is the combination with factor 1.
 */
export async function areMet(
  engine: Engine,
  factors: readonly bigint[],
  obligations: readonly Obligation[],
): Promise<boolean> {
  const { key } = obligations[0]!;
  const F = vectorsOf(engine, key);
  const { curve } = key;
  const scalars = await combinedScalars(engine, factors, obligations);
  const weigh = (k: bigint, n: number): bigint => F.field.mul(factors[n]!, k);
  const blind = obligations.reduce((sum, part, n) => F.field.add(sum, weigh(part.blind, n)), 0n);
  const left = await engine.scope(() => engine.commit(key, F.fromBytes(scalars), blind));
  const right = curve.msm(
    obligations.flatMap(({ terms }) => terms.map(([, P]) => P)),
    obligations.flatMap(({ terms }, n) => terms.map(([k]) => weigh(k, n))),
  );
  return left !== null && right !== null && left[0] === right[0] && left[1] === right[1];
}

export const isMet = (engine: Engine, obligation: Obligation): Promise<boolean> =>
  areMet(engine, [1n], [obligation]);
