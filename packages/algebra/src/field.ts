import { AlgebraError } from "./errors.ts";

/** Order of BN254 G1 = base field of Grumpkin: circom's field. */
export const P = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n;
/** Base field of BN254 G1 = order of Grumpkin. */
export const Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n;

export type FieldName = "Fp" | "Fq";

/**
 * A prime field on BigInt: the readable twin of the kernels. An element is a bigint in [0, modulus)
 * ("canonical"); operations accept any integer and return canonical ones. Not constant time.
 */
export class PrimeField {
  readonly name: FieldName;
  readonly modulus: bigint;
  readonly #oddPart: bigint;
  readonly #twoAdicity: number;
  #torsion: bigint | undefined;

  constructor(name: FieldName, modulus: bigint) {
    this.name = name;
    this.modulus = modulus;
    let odd = modulus - 1n;
    let twos = 0;
    while ((odd & 1n) === 0n) {
      odd >>= 1n;
      twos++;
    }
    this.#oddPart = odd;
    this.#twoAdicity = twos;
  }

  isCanonical(x: unknown): x is bigint {
    return typeof x === "bigint" && x >= 0n && x < this.modulus;
  }

  reduce(x: bigint): bigint {
    const r = x % this.modulus;
    return r < 0n ? r + this.modulus : r;
  }

  add(a: bigint, b: bigint): bigint {
    return this.reduce(a + b);
  }

  sub(a: bigint, b: bigint): bigint {
    return this.reduce(a - b);
  }

  neg(a: bigint): bigint {
    return this.reduce(-a);
  }

  mul(a: bigint, b: bigint): bigint {
    return this.reduce(a * b);
  }

  /** base^exponent, exponent ≥ 0; 4-bit windows. */
  pow(base: bigint, exponent: bigint): bigint {
    const table = [1n];
    for (let k = 1; k < 16; k++) table.push(this.mul(table[k - 1]!, base));
    let result = 1n;
    for (const digit of exponent.toString(16)) {
      for (let k = 0; k < 4; k++) result = (result * result) % this.modulus;
      result = (result * table[Number.parseInt(digit, 16)]!) % this.modulus;
    }
    return result;
  }

  /** @throws AlgebraError NO_INVERSE at zero */
  inv(a: bigint): bigint {
    let r0 = this.modulus;
    let r1 = this.reduce(a);
    if (r1 === 0n) throw new AlgebraError("NO_INVERSE", `zero has no inverse in ${this.name}`);
    let t0 = 0n;
    let t1 = 1n;
    while (r1 !== 0n) {
      const quotient = r0 / r1;
      [r0, r1] = [r1, r0 - quotient * r1];
      [t0, t1] = [t1, t0 - quotient * t1];
    }
    return this.reduce(t0);
  }

  /** RFC 9380 inv0: 1/a, and 0 at 0. */
  inv0(a: bigint): bigint {
    return this.reduce(a) === 0n ? 0n : this.inv(a);
  }

  /** Montgomery's trick: one inversion for the whole list. @throws AlgebraError NO_INVERSE when any is zero */
  batchInv(elements: readonly bigint[]): bigint[] {
    const prefix: bigint[] = [1n];
    elements.forEach((x, i) => prefix.push(this.mul(prefix[i]!, x)));
    let suffix = this.inv(prefix[elements.length]!);
    const out = elements.map(() => 0n);
    for (let i = elements.length - 1; i >= 0; i--) {
      out[i] = this.mul(suffix, prefix[i]!);
      suffix = this.mul(suffix, elements[i]!);
    }
    return out;
  }

  /** A square root (Tonelli–Shanks), or null when `a` is not a square. */
  sqrt(a: bigint): bigint | null {
    const x = this.reduce(a);
    if (x === 0n) return 0n;
    const w = this.pow(x, (this.#oddPart - 1n) / 2n);
    let root = this.mul(x, w);
    let t = this.mul(root, w); // invariant: root² = x·t
    let level = this.#twoAdicity;
    let c: bigint | null = null; // generates the 2^level-torsion
    while (t !== 1n) {
      let order = 0;
      for (let y = t; y !== 1n; y = this.mul(y, y)) {
        order++;
        if (order === level) return null;
      }
      c ??= this.#twoTorsion();
      for (let k = order; k < level - 1; k++) c = this.mul(c, c);
      root = this.mul(root, c);
      c = this.mul(c, c);
      t = this.mul(t, c);
      level = order;
    }
    return root;
  }

  /** z^oddPart for the least non-square z. */
  #twoTorsion(): bigint {
    if (this.#torsion === undefined) {
      let z = 2n;
      while (this.pow(z, (this.modulus - 1n) / 2n) === 1n) z++;
      this.#torsion = this.pow(z, this.#oddPart);
    }
    return this.#torsion;
  }
}

export const Fp: PrimeField = new PrimeField("Fp", P);
export const Fq: PrimeField = new PrimeField("Fq", Q);

/** Σ kⁱ·xs[i] by Horner: the one folding formula of the whole system. */
export function horner(field: PrimeField, k: bigint, xs: readonly bigint[]): bigint {
  let acc = 0n;
  for (let i = xs.length - 1; i >= 0; i--) acc = field.reduce(acc * k + xs[i]!);
  return acc;
}

export function innerProduct(
  field: PrimeField,
  xs: readonly bigint[],
  ys: readonly bigint[],
): bigint {
  let acc = 0n;
  xs.forEach((x, i) => {
    if (x !== 0n) acc += x * ys[i]!;
  });
  return field.reduce(acc);
}

/** [1, x, x², …, x^(n−1)] */
export function powers(field: PrimeField, x: bigint, n: number): bigint[] {
  const out: bigint[] = [];
  for (let i = 0, power = 1n; i < n; i++, power = field.mul(power, x)) out.push(power);
  return out;
}
