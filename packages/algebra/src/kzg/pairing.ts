import { bn254 } from "@noble/curves/bn254.js";
import type { Point } from "../curve.ts";
import { type G2Point, toNoble } from "./g2.ts";

/** A factor e(P, Q) of a product; null is the identity of G1. */
export type Pair = readonly [P: Point | null, Q: G2Point];

/**
 * Whether Π e(Pᵢ, Qᵢ) = 1 (optimal ate pairing of noble-curves): about 20 ms for two factors.
 * Points must be valid, see `Curve.isOnCurve` and `isG2Point`.
 */
export function pairingsCancel(pairs: readonly Pair[]): boolean {
  const { Fp12 } = bn254.fields;
  const factors = pairs.flatMap(([P, Q]) =>
    P === null ? [] : [{ g1: bn254.G1.Point.fromAffine({ x: P[0], y: P[1] }), g2: toNoble(Q) }],
  );
  return factors.length === 0 || Fp12.eql(bn254.pairingBatch(factors), Fp12.ONE);
}
