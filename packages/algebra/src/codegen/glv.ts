import type { Curve } from "../curve.ts";
import { assert } from "../errors.ts";
import type { PrimeField } from "../field.ts";

/**
 * The curve's endomorphism (x, y) ↦ (β·x, y) = λ·(x, y) and a short basis of the lattice
 * {(a, b): a + b·λ ≡ 0 mod r}, for splitting scalars (Gallant, Lambert, Vanstone, CRYPTO 2001).
 */
export interface Endomorphism {
  /** Cube root of unity in the base field. */
  readonly beta: bigint;
  /** Cube root of unity in the scalar field. */
  readonly lambda: bigint;
  readonly basis: readonly [u: Vector, v: Vector];
}

export type Vector = readonly [a: bigint, b: bigint];

/**
 * What assembly/glv.ts computes with, in its order: 128-bit factors of the two rounded coefficients
 * round(k·g/2^254) and what each of them adds to (k1, k2), modulo 2^128.
 */
export type SplitConstants = readonly [
  g1: bigint,
  g2: bigint,
  a1: bigint,
  a2: bigint,
  b1: bigint,
  b2: bigint,
];

const SCALE = 254n;
const HALF = 1n << 127n;
const abs = (x: bigint): bigint => (x < 0n ? -x : x);

export function endomorphism(curve: Curve): Endomorphism {
  const lambda = cubeRootOfUnity(curve.scalar);
  const beta = cubeRootOfUnity(curve.base);
  const point = somePoint(curve);
  const image = curve.mul(lambda, point);
  const matching = [beta, curve.base.mul(beta, beta)].find(
    (candidate) => image?.[0] === curve.base.mul(candidate, point[0]),
  );
  assert(matching !== undefined && image?.[1] === point[1], "λ and β do not belong together");
  return { beta: matching, lambda, basis: shortBasis(curve.scalar.modulus, lambda) };
}

/**
 * @throws an assertion when a half could leave ±2^127·(1 − 2^−15), the room of assembly/scalars.ts
 */
export function splitConstants(curve: Curve, { basis }: Endomorphism): SplitConstants {
  const r = curve.scalar.modulus;
  const [[a1, b1], [a2, b2]] = basis;
  const determinant = a1 * b2 - a2 * b1;
  assert(abs(determinant) === r, "the lattice basis has the wrong determinant");
  // (k, 0) ≈ c1·u + c2·v with c1 = k·b2/determinant, c2 = −k·b1/determinant
  const [q1, q2] = [b2 * determinant, -b1 * determinant];
  const factor = (q: bigint): bigint => ((1n << SCALE) * abs(q) + (r * r) / 2n) / (r * r);
  const [g1, g2] = [factor(q1), factor(q2)];
  assert(g1 < HALF * 2n && g2 < HALF * 2n, "a rounding factor has more than 128 bits");
  const sign = (q: bigint, x: bigint): bigint => BigInt.asUintN(128, q < 0n ? x : -x);
  // Rounding is off by ½, by k·½/2^254 < 0.38 for the rounding of g, and by less than 2^-60.
  const error = (span: bigint): bigint => (span * 89n) / 100n;
  const room = HALF - (HALF >> 15n);
  assert(error(abs(a1) + abs(a2)) < room, "k1 does not fit");
  assert(error(abs(b1) + abs(b2)) < room, "k2 does not fit");
  return [g1, g2, sign(q1, a1), sign(q2, a2), sign(q1, b1), sign(q2, b2)];
}

/** Reference of assembly/glv.ts: [k1, k2] with k ≡ k1 + λ·k2. */
export function splitScalar(k: bigint, constants: SplitConstants): Vector {
  const [g1, g2, a1, a2, b1, b2] = constants;
  const round = (g: bigint): bigint => (k * g + (1n << (SCALE - 1n))) >> SCALE;
  const [c1, c2] = [round(g1), round(g2)];
  return [BigInt.asIntN(128, k + c1 * a1 + c2 * a2), BigInt.asIntN(128, c1 * b1 + c2 * b2)];
}

/** x^((m−1)/3) ≠ 1 for the least such x. */
function cubeRootOfUnity(field: PrimeField): bigint {
  for (let x = 2n; ; x++) {
    const root = field.pow(x, (field.modulus - 1n) / 3n);
    if (root !== 1n) return root;
  }
}

/** A point with small x; nothing else is special about it. */
export function somePoint(curve: Curve): readonly [bigint, bigint] {
  for (let x = 1n; ; x++) {
    const y = curve.base.sqrt(curve.base.reduce(x * x * x + curve.b));
    if (y !== null && y !== 0n) return [x, y];
  }
}

/** Lagrange–Gauss reduction of (r, 0), (−λ, 1). */
function shortBasis(r: bigint, lambda: bigint): [Vector, Vector] {
  const dot = (u: Vector, v: Vector): bigint => u[0] * v[0] + u[1] * v[1];
  let u: Vector = [r, 0n];
  let v: Vector = [-lambda, 1n];
  for (;;) {
    if (dot(u, u) < dot(v, v)) [u, v] = [v, u];
    const quotient = roundedQuotient(dot(u, v), dot(v, v));
    if (quotient === 0n) return [u, v];
    u = [u[0] - quotient * v[0], u[1] - quotient * v[1]];
  }
}

function roundedQuotient(numerator: bigint, denominator: bigint): bigint {
  const twice = 2n * abs(numerator) + denominator;
  const quotient = twice / (2n * denominator);
  return numerator < 0n ? -quotient : quotient;
}
