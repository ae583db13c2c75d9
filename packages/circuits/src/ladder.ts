import type { Builder } from "./builder.ts";
import { ladderSlopes } from "./ladder-hints.ts";
import { chord, chordX, doublePoint, pointValue, slopeOf } from "./points.ts";
import type { Pair } from "./tuples.ts";

/**
 * (2ⁿ + 2t + 1)·P for t = Σ bits[i]·2ⁱ, n = bits.length: A = 2P, then from the top bit down
 * A ← (A + sP) + A with s = 2·bit − 1. Six constraints a bit: the middle y coordinate is eliminated, as
 * slope₁ + slope₂ = 2y_A/(x_A − x_mid).
 *
 * No exceptional case for P of prime order above 2ⁿ⁺²: A = m·P with 2 ≤ m < 2ⁿ⁺², so A ≠ ±P and
 * A + sP ≠ ±A. The caller enforces that P is on the curve and that the bits are boolean.
 */
export function scalarMulOdd<V>(cs: Builder<V>, bits: readonly V[], P: Pair<V>): Pair<V> {
  let A = doublePoint(cs, P);
  const values = bits.map((bit) => cs.value(bit));
  const slopes = ladderSlopes(cs.field, values, pointValue(cs, P), pointValue(cs, A));
  for (let i = bits.length - 1, hint = 0; i >= 0; i--, hint += 2) {
    const sign = cs.linear([2n], [bits[i]!], -1n);
    const signedP: Pair<V> = [P[0], cs.mul(sign, P[1])];
    A = addAround(cs, A, signedP, slopes[hint]!, slopes[hint + 1]!);
  }
  return A;
}

/** (A + B) + A without the y coordinate of A + B. Sound only for A ≠ ±B and A + B ≠ ±A. */
function addAround<V>(
  cs: Builder<V>,
  A: Pair<V>,
  B: Pair<V>,
  hint1: bigint,
  hint2: bigint,
): Pair<V> {
  const slope1 = slopeOf(cs, cs.sub(B[1], A[1]), cs.sub(B[0], A[0]), hint1);
  const xMid = chordX(cs, slope1, A[0], B[0]);
  const slope2 = cs.witness(hint2);
  cs.enforce(cs.add(slope1, slope2), cs.sub(A[0], xMid), cs.scale(2n, A[1]), "slope");
  return chord(cs, slope2, A, xMid);
}
