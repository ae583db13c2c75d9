// Affine arithmetic on y² = x³ + b over the circuit's own field. Every gadget is complete only for
// inputs on the curve that avoid its exceptional cases; each says who has to see to that.

import type { Point } from "@foldmesh/algebra";
import type { Builder } from "./builder.ts";
import type { Pair } from "./tuples.ts";

/** Two free variables: not known to lie on any curve. */
export const allocatePoint = <V>(cs: Builder<V>, [x, y]: Point): Pair<V> => [
  cs.witness(x),
  cs.witness(y),
];

export const pointValue = <V>(cs: Builder<V>, [x, y]: Pair<V>): Point => [cs.value(x), cs.value(y)];

/** y² = x³ + b. Excludes the identity, which has no affine coordinates. */
export function enforceOnCurve<V>(cs: Builder<V>, [x, y]: Pair<V>, b: bigint, label: string): void {
  const x2 = cs.mul(x, x);
  const x3 = cs.mul(x2, x);
  cs.enforce(y, y, cs.add(x3, cs.constant(b)), label);
}

/**
 * The third point of a line of the given slope, mirrored: x₃ = slope² − x_P − x_Q and
 * y₃ = slope·(x_P − x₃) − y_P. That the line passes through Q is the caller's constraint on the slope.
 */
export function chord<V>(cs: Builder<V>, slope: V, P: Pair<V>, xQ: V): Pair<V> {
  const x = chordX(cs, slope, P[0], xQ);
  return [x, chordY(cs, slope, P, x)];
}

const COEFFICIENTS_SUM = [1n, 1n, 1n];

/** slope² = x₃ + x_P + x_Q */
export function chordX<V>(cs: Builder<V>, slope: V, xP: V, xQ: V): V {
  const s = cs.value(slope);
  const x3 = cs.witness(s * s - cs.value(xP) - cs.value(xQ));
  cs.enforce(slope, slope, cs.linear(COEFFICIENTS_SUM, [x3, xP, xQ]), "chord-x");
  return x3;
}

/** slope·(x_P − x₃) = y₃ + y_P */
function chordY<V>(cs: Builder<V>, slope: V, [xP, yP]: Pair<V>, x3: V): V {
  const run = cs.sub(xP, x3);
  const y3 = cs.witness(cs.value(slope) * cs.value(run) - cs.value(yP));
  cs.enforce(slope, run, cs.add(y3, yP), "chord-y");
  return y3;
}

/**
 * A variable with slope·run = rise, given its value. Where run = 0 and rise = 0 the slope is **free**:
 * callers prove or argue that run ≠ 0.
 */
export function slopeOf<V>(cs: Builder<V>, rise: V, run: V, hint: bigint): V {
  const slope = cs.witness(hint);
  cs.enforce(slope, run, rise, "slope");
  return slope;
}

/** 2P. For P on a curve of odd order y ≠ 0, so there is no exceptional case; P on the curve is the caller's duty. */
export function doublePoint<V>(cs: Builder<V>, P: Pair<V>): Pair<V> {
  const rise = cs.scale(3n, cs.mul(P[0], P[0]));
  const run = cs.scale(2n, P[1]);
  const slope = slopeOf(cs, rise, run, cs.value(rise) * cs.field.inv0(cs.value(run)));
  const s = cs.value(slope);
  const x = cs.witness(s * s - 2n * cs.value(P[0]));
  cs.enforce(slope, slope, cs.linear([1n, 2n], [x, P[0]]), "chord-x");
  return [x, chordY(cs, slope, P, x)];
}

/**
 * P + Q with x_P ≠ x_Q proven by an inverse (otherwise the slope would be free). Refuses P = ±Q, so
 * it is complete only where those cannot happen but by accident. That P and Q are on the curve is the
 * caller's duty.
 */
export function addPoints<V>(cs: Builder<V>, P: Pair<V>, Q: Pair<V>): Pair<V> {
  const run = cs.sub(Q[0], P[0]);
  const inverse = cs.field.inv0(cs.value(run));
  cs.enforce(run, cs.witness(inverse), cs.one, "distinct-x");
  const rise = cs.sub(Q[1], P[1]);
  return chord(cs, slopeOf(cs, rise, run, cs.value(rise) * inverse), P, Q[0]);
}

/**
 * P + Q with the slope given and **x_P ≠ x_Q not enforced**: sound only where equal x coordinates
 * would be a discrete-logarithm relation between hash-to-curve generators (fixed-base.ts).
 */
export function addUnequalPoints<V>(
  cs: Builder<V>,
  P: Pair<V>,
  Q: Pair<V>,
  slopeHint: bigint,
): Pair<V> {
  const slope = slopeOf(cs, cs.sub(Q[1], P[1]), cs.sub(Q[0], P[0]), slopeHint);
  return chord(cs, slope, P, Q[0]);
}
