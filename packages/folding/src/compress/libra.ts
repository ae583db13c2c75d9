// The mask of the final fold's sumcheck (Libra, eprint 2019/317 §4.1): a polynomial
//   g(x) = g₀ + Σ_k (g_k1·x_k + g_k2·x_k² + g_k3·x_k³),  k = 1 … s,
// whose 3s+1 coefficients g₀, g₁₁, g₁₂, g₁₃, g₂₁, … are the Libra columns, the last of a witness.

import { ELEMENT_BYTES, Fp, elementsFromBytes, innerProduct } from "@foldmesh/algebra";
import type { Cubic, Summand } from "../sumcheck.ts";
import type { System } from "../system.ts";

/** The coefficients held in a witness (32-byte elements). */
export const libraColumns = ({ dims }: Pick<System, "dims">, W: Uint8Array): bigint[] =>
  elementsFromBytes(W.subarray(ELEMENT_BYTES * dims.libraStart), Fp.modulus);

const HALF = Fp.inv(2n);

const variableCount = (g: readonly bigint[]): number => (g.length - 1) / 3;

/** [g_k1, g_k2, g_k3] of variable k, counted from 0. */
const coefficientsOf = (g: readonly bigint[], k: number): readonly bigint[] =>
  g.slice(1 + 3 * k, 4 + 3 * k);

/** (g_k(0) + g_k(1)) / 2 */
const average = (g: readonly bigint[], k: number): bigint =>
  Fp.mul(
    coefficientsOf(g, k).reduce((sum, c) => sum + c, 0n),
    HALF,
  );

/** S = Σ g over {0,1}^s = 2^s·(g₀ + the averages of all variables). */
export function libraSum(g: readonly bigint[]): bigint {
  const s = variableCount(g);
  let mean = g[0]!;
  for (let k = 0; k < s; k++) mean += average(g, k);
  return Fp.reduce(mean << BigInt(s));
}

/** l with g(point) = ⟨l, g⟩: [1, r₁, r₁², r₁³, r₂, …]. */
export const libraWeights = (point: readonly bigint[]): bigint[] => [
  1n,
  ...point.flatMap((r) => [r, Fp.mul(r, r), Fp.reduce(r ** 3n)]),
];

export const libraEvaluate = (g: readonly bigint[], point: readonly bigint[]): bigint =>
  innerProduct(Fp, libraWeights(point), g);

/**
 * Round k+1 after the challenges of the first k: 2^(s−k−1)·(A_k + g_k(Y) + B_k) with
 * A_k = g₀ + Σ_{l<k} g_l(r_l) and B_k the averages of the variables behind k.
 */
function libraRound(g: readonly bigint[], challenges: readonly bigint[]): Cubic {
  const s = variableCount(g);
  const k = challenges.length;
  let constant = libraEvaluate(g.slice(0, 1 + 3 * k), challenges);
  for (let l = k + 1; l < s; l++) constant += average(g, l);
  const [g1, g2, g3] = coefficientsOf(g, k);
  const scaled = (c: bigint): bigint => Fp.reduce(c << BigInt(s - k - 1));
  return [scaled(constant), scaled(g1!), scaled(g2!), scaled(g3!)];
}

/** χ·g as a summand of the sumcheck. */
export function libraSummand(g: readonly bigint[], chi: bigint): Summand {
  const challenges: bigint[] = [];
  return {
    async round() {
      const [c0, c1, c2, c3] = libraRound(g, challenges);
      return [chi * c0, chi * c1, chi * c2, chi * c3];
    },
    bind(challenge) {
      challenges.push(challenge);
    },
  };
}
