import { type Code, type Local, type Value, i64 } from "./emitter.ts";
import { centred, inverse, range, signedLimbs } from "./integers.ts";

// Montgomery multiplication of one element by signed 29-bit limbs in i64, R = 2^261. Column k
// collects weight 2^(29k). Digits 0…7 fold at once with d_i·2^(−29(8−i)) mod p; one Montgomery step
// with digit 8 and an estimate of the quotient by p (from the top columns) ends in ±(½+2⁻¹⁶)·p.
// Bounds: Σ weight·weight ≤ 10 gives columns within 90·2^56 + 2^60 + 2^60 < 2^63.

export const INT29_WIDTH = 29;
export const INT29_LIMBS = 9;
export const INT29_COLUMNS = 17;

const MASK = (1n << 29n) - 1n;
const HALF = 1n << 28n;
const SHIFT = i64(29n);
/** Fraction bits of the quotient estimate. */
const FRACTION = 48n;

type Limbs = readonly Value[];

export interface Int29Modulus {
  readonly limbs: readonly bigint[];
  /** fold[i]: limbs of 2^(−29(8−i)) mod p, centred. */
  readonly fold: readonly (readonly bigint[])[];
  /** −p⁻¹ mod 2^29 */
  readonly mu: bigint;
  /** 2^48 · 2^232 / p */
  readonly topQuotient: bigint;
}

export function int29Modulus(p: bigint): Int29Modulus {
  const shift = inverse(1n << 29n, p);
  const fold = range(8).map((i) => {
    const rho = range(8 - i).reduce((x) => (x * shift) % p, 1n);
    return signedLimbs(centred(rho, p), INT29_WIDTH, INT29_LIMBS);
  });
  return {
    limbs: signedLimbs(p, INT29_WIDTH, INT29_LIMBS),
    fold,
    mu: BigInt.asUintN(29, -inverse(p, 1n << 29n)),
    topQuotient: ((1n << (FRACTION + 232n)) + p / 2n) / p,
  };
}

/** a_i·b_j by column: 17 columns. */
export function product29(code: Code, a: Limbs, b: Limbs): Local[] {
  return range(INT29_COLUMNS).map((k) =>
    sum(
      code,
      pairsOf(k).map(([i, j]) => code.op("i64.mul", a[i]!, b[j]!)),
    ),
  );
}

export function square29(code: Code, a: Limbs): Local[] {
  const doubled = a.map((limb) => code.op("i64.add", limb, limb));
  return range(INT29_COLUMNS).map((k) =>
    sum(
      code,
      pairsOf(k)
        .filter(([i, j]) => i <= j)
        .map(([i, j]) => code.op("i64.mul", i === j ? a[i]! : doubled[i]!, a[j]!)),
    ),
  );
}

export const pairsOf = (column: number): [number, number][] =>
  range(INT29_LIMBS)
    .filter((i) => column - i >= 0 && column - i < INT29_LIMBS)
    .map((i) => [i, column - i]);

const sum = (code: Code, terms: Local[]): Local => terms.reduce((x, y) => code.op("i64.add", x, y));

/** columns/R + plus − minus, normalised. */
export function reduce29(
  code: Code,
  modulus: Int29Modulus,
  products: readonly Local[],
  plus?: Limbs,
  minus?: Limbs,
): Local[] {
  const z: Local[] = [...products];
  const add = (k: number, value: Value): void => {
    z[k] =
      z[k] === undefined ? code.op("i64.add", value, i64(0n)) : code.op("i64.add", z[k], value);
  };
  const digits = range(8).map((k) => {
    add(k + 1, code.op("i64.shr_s", z[k]!, SHIFT));
    return code.op("i64.and", z[k]!, i64(MASK));
  });
  for (let j = 0; j < INT29_LIMBS; j++) {
    digits.forEach((d, i) => add(8 + j, code.op("i64.mul", d, i64(modulus.fold[i]![j]!))));
  }
  range(INT29_LIMBS).forEach((j) => {
    if (plus !== undefined) add(9 + j, plus[j]!);
    if (minus !== undefined) {
      z[9 + j] = code.op("i64.sub", z[9 + j] ?? i64(0n), minus[j]!);
    }
  });
  const q = quotient(code, modulus, z);
  modulus.limbs.forEach((limb, j) => add(8 + j, code.op("i64.mul", q, i64(limb))));
  add(9, code.op("i64.shr_s", z[8]!, SHIFT));
  add(17, i64(0n));
  return carry29(code, z.slice(9));
}

/** −z8/p mod 2^29 minus 2^29·(estimate of the result's quotient by p). */
function quotient(code: Code, modulus: Int29Modulus, z: readonly Local[]): Local {
  const digit = code.op("i64.and", z[8]!, i64(MASK));
  const q0 = code.op("i64.and", code.op("i64.mul", digit, i64(modulus.mu)), i64(MASK));
  let top = code.op("i64.shr_s", z[16]!, SHIFT);
  if (z[17] !== undefined) top = code.op("i64.add", top, z[17]);
  const fraction = code.op("i64.shl", q0, i64(FRACTION - 29n));
  const multiple = nearest(code, modulus, top, fraction);
  return code.op("i64.sub", q0, code.op("i64.shl", multiple, SHIFT));
}

/** Nearest integer to top·2^232/p + fraction/2^48. */
function nearest(code: Code, modulus: Int29Modulus, top: Value, fraction: Value): Local {
  const scaled = code.op("i64.mul", top, i64(modulus.topQuotient));
  const rounded = code.op("i64.add", code.op("i64.add", scaled, fraction), i64(1n << 47n));
  return code.op("i64.shr_s", rounded, i64(FRACTION));
}

/** Centred limbs of nine columns. */
function carry29(code: Code, columns: readonly Value[]): Local[] {
  const limbs: Local[] = [];
  let carry: Local | undefined;
  columns.forEach((column, j) => {
    const z: Value = carry === undefined ? column : code.op("i64.add", column, carry);
    if (j === INT29_LIMBS - 1) {
      limbs.push(z as Local);
      return;
    }
    const shifted = code.op("i64.add", z, i64(HALF));
    carry = code.op("i64.shr_s", shifted, SHIFT);
    limbs.push(code.op("i64.sub", code.op("i64.and", shifted, i64(MASK)), i64(HALF)));
  });
  return limbs;
}

/** Subtracts the nearest multiple of p and carries: any weight up to 2^20. */
export function normalize29(code: Code, modulus: Int29Modulus, a: Limbs): Local[] {
  const multiple = nearest(code, modulus, a[8]!, i64(0n));
  const x = a.map((limb, j) =>
    code.op("i64.sub", limb, code.op("i64.mul", multiple, i64(modulus.limbs[j]!))),
  );
  return carry29(code, x);
}
