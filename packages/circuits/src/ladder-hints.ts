import type { Point, PrimeField } from "@foldmesh/algebra";
import { batchInverse0 } from "./batch-inverse.ts";

/**
 * The slopes of `scalarMulOdd`, two per bit in the order the ladder uses them (top bit first), for the
 * price of one field inversion: the ladder runs in Jacobian coordinates (x = X/Z², y = Y/Z³), and all
 * Z are inverted at once. Where the affine ladder would divide by zero, the hints are worthless and
 * the constraints refuse them.
 *
 * With A = (X, Y, Z), B = (x, ±y), H = xZ² − X and R = ±yZ³ − Y one step is
 *   slope₁ = R/(ZH),            x_A − x_mid = M/(ZH)²,   M = 3XH² + H³ − R²
 *   slope₂ = N/(ZHM),           N = 2YH³ − RM
 *   Z' = ZHM,  X' = N² − 2XH²M² + M³,  Y' = N(XH²M² − X') − YH³M³
 * so that 1/Z' gives both slopes.
 */
export function ladderSlopes(
  field: PrimeField,
  bits: readonly bigint[],
  [x, y]: Point,
  start: Point,
): bigint[] {
  const m = field.modulus;
  const numerators: bigint[] = [];
  const denominators: bigint[] = [];
  let [X, Y] = start;
  let Z = 1n;
  for (let i = bits.length - 1; i >= 0; i--) {
    const ZZ = (Z * Z) % m;
    const yZZZ = (((y * Z) % m) * ZZ) % m;
    const H = (x * ZZ - X) % m;
    const R = bits[i] === 1n ? yZZZ - Y : -yZZZ - Y;
    const HH = (H * H) % m;
    const HHH = (H * HH) % m;
    const XHH = (X * HH) % m;
    const M = (3n * XHH + HHH - R * R) % m;
    const YHHH = (Y * HHH) % m;
    const RM = (R * M) % m;
    const N = (2n * YHHH - RM) % m;
    const MM = (M * M) % m;
    const MMM = (M * MM) % m;
    const V = (XHH * MM) % m;
    Z = (((Z * H) % m) * M) % m;
    X = (N * N - 2n * V + MMM) % m;
    Y = (N * (V - X) - YHHH * MMM) % m;
    numerators.push(RM, N);
    denominators.push(Z);
  }
  const inverses = batchInverse0(field, denominators);
  return numerators.map((n, k) => (n * inverses[k >> 1]!) % m);
}
