import type { PrimeField } from "@foldmesh/algebra";

/** Montgomery's trick with inv0's convention: one inversion for the whole list, and 0 stays 0. */
export function batchInverse0(field: PrimeField, elements: readonly bigint[]): bigint[] {
  const m = field.modulus;
  const prefix: bigint[] = [];
  let product = 1n;
  for (const x of elements) {
    prefix.push(product);
    if (x !== 0n) product = (product * x) % m;
  }
  let suffix = field.inv(product);
  const out = elements.map(() => 0n);
  for (let i = elements.length - 1; i >= 0; i--) {
    const x = elements[i]!;
    if (x === 0n) continue;
    out[i] = (suffix * prefix[i]!) % m;
    suffix = (suffix * x) % m;
  }
  return out;
}
