// The end of a multi-scalar multiplication, on the CPU: Σ 2^(width·w)·window[w].

import { type Curve, type Point, elementsFromBytes } from "@foldmesh/algebra";

/** @param bytes XYZZ points, Montgomery forms with this R, 128 bytes each */
export function sumWindows(
  curve: Curve,
  R: bigint,
  bytes: Uint8Array,
  width: number,
): Point | null {
  const points = affinePoints(curve, R, bytes);
  const terms = points.flatMap((point, w) =>
    point === null ? [] : [{ point, weight: 1n << BigInt(width * w) }],
  );
  return curve.msm(
    terms.map(({ point }) => point),
    terms.map(({ weight }) => curve.scalar.reduce(weight)),
  );
}

/** x = X/ZZ and y = Y/ZZZ, where 1/ZZ = (ZZ/ZZZ)². R cancels in quotients. */
function affinePoints({ base }: Curve, R: bigint, bytes: Uint8Array): (Point | null)[] {
  const inverseR = base.inv(base.reduce(R));
  const coordinates = elementsFromBytes(bytes, base.modulus);
  const points = Array.from({ length: coordinates.length / 4 }, (_, w) =>
    coordinates.slice(4 * w, 4 * w + 4),
  ) as [X: bigint, Y: bigint, ZZ: bigint, ZZZ: bigint][];
  const inverses = base.batchInv(points.map(([, , zz, zzz]) => (zz === 0n ? 1n : zzz)));
  return points.map(([X, Y, ZZ], w) => {
    if (ZZ === 0n) return null;
    const inverse = inverses[w]!;
    const z = base.mul(ZZ, inverse);
    return [base.mul(X * inverseR, z * z), base.mul(Y, inverse)];
  });
}
