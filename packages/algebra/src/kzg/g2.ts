// G2 of BN254: y² = x³ + 3/(9+u) over F_q[u]/(u²+1), the subgroup of order p. The arithmetic is noble-curves'.

import { bn254 } from "@noble/curves/bn254.js";
import { ELEMENT_BYTES, elementsFromBytes, elementsToBytes } from "../bytes.ts";
import { AlgebraError } from "../errors.ts";
import { Fq } from "../field.ts";

/** c0 + c1·u */
export type Fq2 = readonly [c0: bigint, c1: bigint];

/** Affine coordinates. As on the other curves the identity has no encoding. */
export type G2Point = readonly [x: Fq2, y: Fq2];

/** x.c0 ‖ x.c1 ‖ y.c0 ‖ y.c1, 32 little-endian bytes each. */
export const G2_BYTES: number = 4 * ELEMENT_BYTES;

type NoblePoint = InstanceType<typeof bn254.G2.Point>;

export const toNoble = ([[x0, x1], [y0, y1]]: G2Point): NoblePoint =>
  bn254.G2.Point.fromAffine({ x: { c0: x0, c1: x1 }, y: { c0: y0, c1: y1 } });

const fromNoble = (point: NoblePoint): G2Point => {
  const { x, y } = point.toAffine();
  return [
    [x.c0, x.c1],
    [y.c0, y.c1],
  ];
};

/** [1]₂, the generator of EIP-197 and of snarkjs. */
export const G2_GENERATOR: G2Point = fromNoble(bn254.G2.Point.BASE);

/** [k]₂ for 0 < k < p. Not constant time. */
export const multiplyG2 = (k: bigint): G2Point => fromNoble(bn254.G2.Point.BASE.multiplyUnsafe(k));

export const sameG2 = ([x, y]: G2Point, [x2, y2]: G2Point): boolean =>
  x[0] === x2[0] && x[1] === x2[1] && y[0] === y2[0] && y[1] === y2[1];

/** Canonical, on the curve, of order p (the curve has a cofactor), and not the identity. */
export function isG2Point(point: G2Point): boolean {
  if (!point.flat().every((c) => Fq.isCanonical(c))) return false;
  const P = toNoble(point);
  if (P.is0()) return false; // noble's reading of (0, 0)
  try {
    P.assertValidity();
    return true;
  } catch {
    return false;
  }
}

export const g2ToBytes = (point: G2Point): Uint8Array => elementsToBytes(point.flat());

/** @throws AlgebraError BAD_LENGTH, NON_CANONICAL, NOT_ON_CURVE (also for a point of another order) */
export function g2FromBytes(bytes: Uint8Array): G2Point {
  if (bytes.length !== G2_BYTES) {
    throw new AlgebraError("BAD_LENGTH", `expected ${G2_BYTES} bytes, got ${bytes.length}`);
  }
  const [x0, x1, y0, y1] = elementsFromBytes(bytes, Fq.modulus) as [bigint, bigint, bigint, bigint];
  const point: G2Point = [
    [x0, x1],
    [y0, y1],
  ];
  if (!isG2Point(point)) throw new AlgebraError("NOT_ON_CURVE", "not a point of G2");
  return point;
}
