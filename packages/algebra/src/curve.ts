import { Fp, Fq, type PrimeField } from "./field.ts";
import { assert } from "./errors.ts";

/** Affine coordinates over the curve's base field. The identity is `null` and has no encoding. */
export type Point = readonly [x: bigint, y: bigint];

export type CurveName = "G1" | "Grumpkin";

/**
 * y² = x³ + b with prime order and cofactor 1, on BigInt: the readable twin of the MSM kernels.
 * Being on the curve is therefore the whole membership test. Not constant time.
 */
export class Curve {
  readonly name: CurveName;
  /** Field of the coordinates. */
  readonly base: PrimeField;
  /** Field of the scalars (the group order). */
  readonly scalar: PrimeField;
  readonly b: bigint;

  constructor(name: CurveName, base: PrimeField, scalar: PrimeField, b: bigint) {
    this.name = name;
    this.base = base;
    this.scalar = scalar;
    this.b = base.reduce(b);
  }

  isOnCurve(point: unknown): point is Point {
    if (!Array.isArray(point) || point.length !== 2) return false;
    const [x, y] = point as unknown[];
    if (!this.base.isCanonical(x) || !this.base.isCanonical(y)) return false;
    return this.base.reduce(y * y - x * x * x - this.b) === 0n;
  }

  /** The point with this x and an odd or an even y, or null when there is none. x must be canonical. */
  withX(x: bigint, isOdd: boolean): Point | null {
    const y = this.base.sqrt(x * x * x + this.b);
    if (y === null || y === 0n) return null;
    return [x, ((y & 1n) === 1n) === isOdd ? y : this.base.neg(y)];
  }

  neg(point: Point): Point {
    return [point[0], this.base.neg(point[1])];
  }

  add(left: Point | null, right: Point | null): Point | null {
    if (left === null) return right;
    if (right === null) return left;
    const F = this.base;
    const [x1, y1] = left;
    const [x2, y2] = right;
    if (x1 === x2 && F.reduce(y1 + y2) === 0n) return null;
    const slope =
      x1 === x2 ? F.mul(3n * x1 * x1, F.inv(2n * y1)) : F.mul(y2 - y1, F.inv(F.reduce(x2 - x1)));
    const x3 = F.reduce(slope * slope - x1 - x2);
    return [x3, F.reduce(slope * (x1 - x3) - y1)];
  }

  /** k·point; k is taken modulo the group order. */
  mul(k: bigint, point: Point | null): Point | null {
    if (point === null) return null;
    let acc = JACOBIAN_ZERO;
    for (const bit of this.scalar.reduce(k).toString(2)) {
      acc = jacobianDouble(this.base.modulus, acc);
      if (bit === "1") acc = jacobianAddAffine(this.base.modulus, acc, point);
    }
    return this.#toAffine(acc);
  }

  /** Σ scalars[i]·points[i] by Pippenger's buckets. */
  msm(points: readonly Point[], scalars: readonly bigint[]): Point | null {
    assert(scalars.length <= points.length, "msm: more scalars than points");
    const terms: Term[] = [];
    scalars.forEach((k, i) => {
      const s = this.scalar.reduce(k);
      if (s !== 0n) terms.push([s, points[i]!]);
    });
    const width = terms.length < 32 ? 4 : terms.length < 1024 ? 7 : terms.length < 8192 ? 9 : 11;
    const bits = terms.reduce((max, [s]) => (s > max ? s : max), 0n).toString(2).length;
    const m = this.base.modulus;
    let acc = JACOBIAN_ZERO;
    for (let window = Math.ceil(bits / width) - 1; window >= 0; window--) {
      for (let k = 0; k < width; k++) acc = jacobianDouble(m, acc);
      acc = jacobianAdd(m, acc, bucketSum(m, terms, BigInt(window * width), width));
    }
    return this.#toAffine(acc);
  }

  /** Σ kⁱ·points[i] by Horner. */
  fold(k: bigint, points: readonly Point[]): Point | null {
    return points.reduceRight<Point | null>(
      (acc, point) => this.add(this.mul(k, acc), point),
      null,
    );
  }

  #toAffine([X, Y, Z]: Jacobian): Point | null {
    if (Z === 0n) return null;
    const F = this.base;
    const inverse = F.inv(Z);
    const inverse2 = F.mul(inverse, inverse);
    return [F.mul(X, inverse2), F.mul(Y * inverse, inverse2)];
  }
}

export const G1: Curve = new Curve("G1", Fq, Fp, 3n);
export const Grumpkin: Curve = new Curve("Grumpkin", Fp, Fq, -17n);

// Jacobian arithmetic for a = 0 (x = X/Z², y = Y/Z³). Residues keep BigInt's sign: one is zero
// exactly when it is 0n, so nothing is normalised before #toAffine.

type Jacobian = readonly [X: bigint, Y: bigint, Z: bigint];
type Term = readonly [scalar: bigint, point: Point];

const JACOBIAN_ZERO: Jacobian = [1n, 1n, 0n];

/** dbl-2009-l of the Explicit-Formulas Database. */
function jacobianDouble(m: bigint, [X, Y, Z]: Jacobian): Jacobian {
  if (Z === 0n) return JACOBIAN_ZERO;
  const A = (X * X) % m;
  const B = (Y * Y) % m;
  const C = (B * B) % m;
  const D = (4n * X * B) % m;
  const E = 3n * A;
  const X3 = (E * E - 2n * D) % m;
  return [X3, (E * (D - X3) - 8n * C) % m, (2n * Y * Z) % m];
}

function jacobianAddAffine(m: bigint, left: Jacobian, [x, y]: Point): Jacobian {
  const [X, Y, Z] = left;
  if (Z === 0n) return [x, y, 1n];
  const ZZ = (Z * Z) % m;
  const H = (x * ZZ - X) % m;
  const R = (((y * Z) % m) * ZZ - Y) % m;
  if (H === 0n) return R === 0n ? jacobianDouble(m, left) : JACOBIAN_ZERO;
  const HH = (H * H) % m;
  const HHH = (H * HH) % m;
  const V = (X * HH) % m;
  const X3 = (R * R - HHH - 2n * V) % m;
  return [X3, (R * (V - X3) - Y * HHH) % m, (Z * H) % m];
}

function jacobianAdd(m: bigint, left: Jacobian, right: Jacobian): Jacobian {
  if (left[2] === 0n) return right;
  if (right[2] === 0n) return left;
  const [X1, Y1, Z1] = left;
  const [X2, Y2, Z2] = right;
  const ZZ1 = (Z1 * Z1) % m;
  const ZZ2 = (Z2 * Z2) % m;
  const U1 = (X1 * ZZ2) % m;
  const S1 = (((Y1 * Z2) % m) * ZZ2) % m;
  const H = (X2 * ZZ1 - U1) % m;
  const R = (((Y2 * Z1) % m) * ZZ1 - S1) % m;
  if (H === 0n) return R === 0n ? jacobianDouble(m, left) : JACOBIAN_ZERO;
  const HH = (H * H) % m;
  const HHH = (H * HH) % m;
  const V = (U1 * HH) % m;
  const X3 = (R * R - HHH - 2n * V) % m;
  return [X3, (R * (V - X3) - S1 * HHH) % m, (((Z1 * Z2) % m) * H) % m];
}

/** One Pippenger window: buckets by digit, then a running suffix sum. */
function bucketSum(m: bigint, terms: readonly Term[], shift: bigint, width: number): Jacobian {
  const mask = (1n << BigInt(width)) - 1n;
  const buckets = Array.from({ length: 1 << width }, () => JACOBIAN_ZERO);
  for (const [scalar, point] of terms) {
    const digit = Number((scalar >> shift) & mask);
    if (digit !== 0) buckets[digit] = jacobianAddAffine(m, buckets[digit]!, point);
  }
  let running = JACOBIAN_ZERO;
  let sum = JACOBIAN_ZERO;
  for (let digit = buckets.length - 1; digit > 0; digit--) {
    running = jacobianAdd(m, running, buckets[digit]!);
    sum = jacobianAdd(m, sum, running);
  }
  return sum;
}
