import type { Builder } from "./builder.ts";

/** Bits of an element of either field. */
export const FIELD_BITS = 254;

const POWERS_OF_TWO: readonly bigint[] = Array.from(
  { length: FIELD_BITS },
  (_, i) => 1n << BigInt(i),
);

/** The n low bits of a non-negative integer, least significant first, as numbers 0 or 1. */
export function bitsOf(integer: bigint, n: number): (0n | 1n)[] {
  const text = BigInt.asUintN(n, integer).toString(2);
  return Array.from({ length: n }, (_, i) => (text[text.length - 1 - i] === "1" ? 1n : 0n));
}

/** b·(b − 1) = 0. */
export function allocateBit<V>(cs: Builder<V>, value: bigint): V {
  const b = cs.witness(value);
  cs.enforce(b, cs.sub(b, cs.one), cs.zero, "boolean");
  return b;
}

/** n boolean variables holding the low bits of `integer`, least significant first; their sum is tied to nothing. */
export function allocateBits<V>(cs: Builder<V>, integer: bigint, n: number): V[] {
  return bitsOf(integer, n).map((bit) => allocateBit(cs, bit));
}

/** Σ bits[i]·2ⁱ; at most 254 bits. */
export const pack = <V>(cs: Builder<V>, bits: readonly V[]): V =>
  cs.linear(POWERS_OF_TWO.slice(0, bits.length), bits);

/**
 * The one decomposition of x into 254 bits of an integer below the modulus: leaves nothing free.
 * Scanning down from the top bit, `run` says "wherever modulus − 1 had a one so far, so had x"; while
 * it holds, a zero bit of modulus − 1 forces a zero bit of x.
 */
export function canonicalBits<V>(cs: Builder<V>, x: V): V[] {
  const bits = allocateBits(cs, cs.value(x), FIELD_BITS);
  cs.enforceEqual(pack(cs, bits), x, "pack");
  enforceBelowModulus(cs, bits);
  return bits;
}

/** Σ bits[i]·2ⁱ < modulus, for 254 booleans. */
export function enforceBelowModulus<V>(cs: Builder<V>, bits: readonly V[]): void {
  const bound = bitsOf(cs.field.modulus - 1n, FIELD_BITS);
  let run = cs.one;
  for (let i = FIELD_BITS - 1; i >= 0; i--) {
    if (bound[i] === 1n) run = cs.mul(run, bits[i]!);
    else cs.enforce(run, bits[i]!, cs.zero, "canonical");
  }
}
