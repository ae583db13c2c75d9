import { type Curve, type Point, assert } from "@foldmesh/algebra";

/** [P, 2P, 4P, …], n points, with one field inversion (Jacobian doubling, dbl-2009-l, a = 0). */
export function doublingChain({ base }: Curve, P: Point, n: number): Point[] {
  const m = base.modulus;
  const jacobian: [X: bigint, Y: bigint, Z: bigint][] = [];
  let [X, Y] = P;
  let Z = 1n;
  for (let k = 0; k < n; k++) {
    jacobian.push([X, Y, Z]);
    const A = (X * X) % m;
    const B = (Y * Y) % m;
    const D = (4n * X * B) % m;
    Z = (2n * Y * Z) % m;
    X = (9n * A * A - 2n * D) % m;
    Y = (3n * A * (D - X) - 8n * B * B) % m;
  }
  const inverses = base.batchInv(jacobian.map((point) => base.reduce(point[2])));
  return jacobian.map(([x, y], k) => {
    const inverse2 = base.mul(inverses[k]!, inverses[k]!);
    return [base.mul(x, inverse2), base.mul(y, inverse2 * inverses[k]!)];
  });
}

/** Ps[k] + Qs[k], with one field inversion. @throws AlgebraError NO_INVERSE when some pair shares its x */
export function addPairwise({ base }: Curve, Ps: readonly Point[], Qs: readonly Point[]): Point[] {
  assert(Ps.length === Qs.length, "addPairwise: lists of different lengths");
  const inverses = base.batchInv(Ps.map((P, k) => base.sub(Qs[k]![0], P[0])));
  return Ps.map(([x1, y1], k) => {
    const [x2, y2] = Qs[k]!;
    const slope = base.mul(y2 - y1, inverses[k]!);
    const x3 = base.reduce(slope * slope - x1 - x2);
    return [x3, base.reduce(slope * (x1 - x3) - y1)];
  });
}
