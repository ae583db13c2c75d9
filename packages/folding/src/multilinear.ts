import { Fp, type PrimeField } from "@foldmesh/algebra";

/** eq(a, b) = Π (1 − aᵢ − bᵢ + 2aᵢbᵢ) */
export const eqAt = (a: readonly bigint[], b: readonly bigint[]): bigint =>
  a.reduce((acc, ai, i) => Fp.mul(acc, 1n - ai - b[i]! + 2n * ai * b[i]!), 1n);

/** pow_τ(x) = Π (1 − xᵢ + xᵢ·τ^(2^(s−i))), i = 1 … s: τ to the number of row x. */
export function powAt(tau: bigint, x: readonly bigint[], field: PrimeField = Fp): bigint {
  let acc = 1n;
  let power = tau;
  for (let i = x.length - 1; i >= 0; i--) {
    acc = field.mul(acc, 1n - x[i]! + x[i]! * power);
    power = field.mul(power, power);
  }
  return acc;
}

/** [τ^(2^(s−1)), …, τ², τ]: the factor of each variable, most significant first. */
export const powFactors = (tau: bigint, s: number, field: PrimeField = Fp): bigint[] => {
  const factors: bigint[] = [];
  for (let i = 0, power = tau; i < s; i++, power = field.mul(power, power)) factors.push(power);
  return factors.reverse();
};
