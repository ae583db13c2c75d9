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

/** ⟨scalars, G⟩ + blind·H = Σ terms: what is left of an opening, one commitment to check. */
export interface Obligation {
  readonly key: CommitmentKey;
  readonly scalars: Vec;
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
    scalars: F.slice(scalars, 0, Math.min(scalars.length, key.length)),
    blind,
    terms: [...terms, ...rounds, [field.mul(Q.x0, value - inner), Q.base]],
  };
}

const sumOf = ({ curve }: CommitmentKey, terms: readonly Term[]): Point | null =>
  curve.msm(
    terms.map(([, P]) => P),
    terms.map(([k]) => k),
  );

/** Whether an obligation holds. */
export async function isMet(engine: Engine, obligation: Obligation): Promise<boolean> {
  const { key, scalars, blind, terms } = obligation;
  const left = await engine.commit(key, scalars, blind);
  const right = sumOf(key, terms);
  return left !== null && right !== null && left[0] === right[0] && left[1] === right[1];
}

/**
 * Σ factor·obligation of obligations under one key: with random factors it holds only if all do, up to one
 * in the number of factors.
 */
export function combined(
  engine: Engine,
  factors: readonly bigint[],
  obligations: readonly Obligation[],
): Obligation {
  const { key } = obligations[0]!;
  const F = vectorsOf(engine, key);
  const { field } = F;
  return {
    key,
    scalars: F.linear(
      factors,
      obligations.map(({ scalars }) => scalars),
    ),
    blind: obligations.reduce((sum, { blind }, n) => field.reduce(sum + factors[n]! * blind), 0n),
    terms: obligations.flatMap(({ terms }, n) =>
      terms.map(([k, P]): Term => [field.mul(factors[n]!, k), P]),
    ),
  };
}
