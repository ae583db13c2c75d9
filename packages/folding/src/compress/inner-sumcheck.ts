// An inner product as a claim about one evaluation: ⟨m, W⟩ = Σ_x m(x)·W(x) over {0,1}^ℓ, the vectors being tables
// of multilinear polynomials, most significant variable first. A round's polynomial is
// c0 + c1·X + c2·X² with c1 = T − 2c0 − c2; (c0, c2) is sent. At the end W(ρ)·m(ρ) = T, and whoever knows m checks
// m(ρ) by himself.

import { Fp, type Vec, type VectorField, assert, horner } from "@foldmesh/algebra";
import type { ByteTranscript } from "./byte-transcript.ts";

export type InnerMessage = readonly [c0: bigint, c2: bigint];

/** Absorbs a message, returns the challenge and the next claim. */
function innerRound(
  transcript: ByteTranscript,
  claim: bigint,
  [c0, c2]: InnerMessage,
): { rho: bigint; claim: bigint } {
  transcript.absorb("inner", [c0, c2]);
  const rho = transcript.challenge(Fp);
  return { rho, claim: horner(Fp, rho, [c0, claim - 2n * c0 - c2, c2]) };
}

export interface InnerPoint {
  /** ρ, most significant variable first. */
  readonly point: readonly bigint[];
  /** m(ρ)·W(ρ) must be this. */
  readonly claim: bigint;
}

/** @param m, W of one length 2^ℓ. Allocates in the engine's current scope. */
export async function innerProve(
  F: VectorField,
  transcript: ByteTranscript,
  claim: bigint,
  m: Vec,
  W: Vec,
): Promise<{ rounds: InnerMessage[] } & InnerPoint> {
  assert(m.length === W.length && Number.isInteger(Math.log2(m.length)), "inner: lengths");
  const rounds: InnerMessage[] = [];
  const point: bigint[] = [];
  while (m.length > 1) {
    const [mLo, mHi] = halves(F, m);
    const [wLo, wHi] = halves(F, W);
    const c0 = await F.innerProduct(mLo, wLo);
    const c2 = await F.innerProduct(F.sub(mHi, mLo), F.sub(wHi, wLo));
    const step = innerRound(transcript, claim, [c0, c2]);
    rounds.push([c0, c2]);
    point.push(step.rho);
    claim = step.claim;
    const weights = [Fp.sub(1n, step.rho), step.rho];
    m = F.linear(weights, [mLo, mHi]);
    W = F.linear(weights, [wLo, wHi]);
  }
  return { rounds, point, claim };
}

const halves = (F: VectorField, v: Vec): [lo: Vec, hi: Vec] => [
  F.slice(v, 0, v.length / 2),
  F.slice(v, v.length / 2, v.length),
];

/** What the rounds leave to check. */
export function innerReduce(
  transcript: ByteTranscript,
  claim: bigint,
  rounds: readonly InnerMessage[],
): InnerPoint {
  const point: bigint[] = [];
  for (const message of rounds) {
    const step = innerRound(transcript, claim, message);
    point.push(step.rho);
    claim = step.claim;
  }
  return { point, claim };
}
