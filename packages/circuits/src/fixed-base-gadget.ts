import { type Point, type PrimeField, assert } from "@foldmesh/algebra";
import { batchInverse0 } from "./batch-inverse.ts";
import type { Builder } from "./builder.ts";
import { type FixedBaseTables, type FixedBaseWindow, T_TABLE_BITS } from "./fixed-base.ts";
import { addUnequalPoints } from "./points.ts";
import type { Pair } from "./tuples.ts";

/**
 * C_X from the 127 bits of t and the 254-bit decompositions of the ten coordinates, all boolean by the
 * caller's doing. Equal x coordinates are not excluded: the accumulator holds G_0 once and no table
 * entry does, so they would be a relation between hash-to-curve generators.
 */
export function fixedBaseCommitment<V>(
  cs: Builder<V>,
  { windows, constant }: FixedBaseTables,
  tBits: readonly V[],
  coordinateBits: readonly (readonly V[])[],
): Pair<V> {
  const padding = Array.from({ length: T_TABLE_BITS - tBits.length }, () => cs.zero);
  const bits = [...tBits, ...padding, ...coordinateBits.flat()];
  assert(bits.length === 2 * windows.length, "fixed-base commitment: wrong number of bits");
  const slopes = sumSlopes(cs.field, constant, selectedEntries(cs, windows, bits));
  let accumulator: Pair<V> = [cs.constant(constant[0]), cs.constant(constant[1])];
  windows.forEach((window, w) => {
    const entry = selectEntry(cs, window, bits[2 * w]!, bits[2 * w + 1]!);
    accumulator = addUnequalPoints(cs, accumulator, entry, slopes[w]!);
  });
  return accumulator;
}

/** window[b0 + 2·b1] for booleans b0, b1. */
function selectEntry<V>(cs: Builder<V>, window: FixedBaseWindow, b0: V, b1: V): Pair<V> {
  const bits = [b0, b1, cs.mul(b0, b1)];
  const select = (axis: 0 | 1): V => {
    const [e0, e1, e2, e3] = [window[0][axis], window[1][axis], window[2][axis], window[3][axis]];
    return cs.linear([e1 - e0, e2 - e0, e3 - e2 - e1 + e0], bits, e0);
  };
  return [select(0), select(1)];
}

/** The entries that the bits' values select. */
const selectedEntries = <V>(
  cs: Builder<V>,
  windows: readonly FixedBaseWindow[],
  bits: readonly V[],
): Point[] =>
  windows.map((window, w) => {
    const high = cs.value(bits[2 * w + 1]!) === 0n ? 0 : 2;
    return window[cs.value(bits[2 * w]!) === 0n ? high : high + 1]!;
  });

/**
 * The slopes of start + points[0] + points[1] + …, added in turn, with one field inversion: the sum runs
 * in Jacobian coordinates, where H = xZ² − X, R = yZ³ − Y give slope = R/(ZH) and Z' = ZH.
 */
export function sumSlopes(field: PrimeField, start: Point, points: readonly Point[]): bigint[] {
  const m = field.modulus;
  const numerators: bigint[] = [];
  const denominators: bigint[] = [];
  let [X, Y] = start;
  let Z = 1n;
  for (const [x, y] of points) {
    const ZZ = (Z * Z) % m;
    const H = (x * ZZ - X) % m;
    const R = (((y * Z) % m) * ZZ - Y) % m;
    const HH = (H * H) % m;
    const HHH = (H * HH) % m;
    const V = (X * HH) % m;
    Z = (Z * H) % m;
    X = (R * R - HHH - 2n * V) % m;
    Y = (R * (V - X) - Y * HHH) % m;
    numerators.push(R);
    denominators.push(Z);
  }
  const inverses = batchInverse0(field, denominators);
  return numerators.map((R, k) => (R * inverses[k]!) % m);
}
