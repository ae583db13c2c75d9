// CycleFold (eprint 2023/1192): the commitment fold Q = P0 + ρP1 + ρ²P2 + ρ³P3 of the main system is a G1
// computation, native to F_q. This circuit over F_q proves it; its own commitments live on Grumpkin.

import { Fq, G1, type Point, SHORT_BITS, oddScalar } from "@foldmesh/algebra";
import type { R1CS } from "@foldmesh/r1cs";
import { allocateBits, pack } from "./bits.ts";
import type { Builder } from "./builder.ts";
import { scalarMulOdd } from "./ladder.ts";
import { addPoints, enforceOnCurve } from "./points.ts";
import { ShapeBuilder } from "./shape-builder.ts";
import { CYCLE_FOLD_PUBLIC, ODD_SCALAR_OFFSET } from "./statement.ts";
import type { Pair, Quad } from "./tuples.ts";
import { WitnessBuilder } from "./witness-builder.ts";

/**
 * X = (1, ρ, P0x, P0y, …, P3x, P3y, Qx, Qy). The points are on the curve, hence of prime order, hence
 * the ladders are exception-free; the two Horner additions in between refuse equal x coordinates.
 */
function cycleFoldCircuit<V>(cs: Builder<V>, t: bigint, points: Quad<Point>): void {
  const bits = allocateBits(cs, t, SHORT_BITS);
  const rho = cs.publicInput(1, oddScalar(t));
  cs.enforce(cs.linear([2n], [pack(cs, bits)], ODD_SCALAR_OFFSET), cs.one, rho, "rho");
  const publicPoint = (column: number, [x, y]: Point): Pair<V> => [
    cs.publicInput(column, x),
    cs.publicInput(column + 1, y),
  ];
  const P = points.map((point, k) => publicPoint(2 + 2 * k, point));
  for (const point of P) enforceOnCurve(cs, point, G1.b, "on-curve");
  let Q = P[3]!;
  for (const k of [2, 1, 0]) Q = addPoints(cs, scalarMulOdd(cs, bits, Q), P[k]!);
  const out = publicPoint(10, [cs.value(Q[0]), cs.value(Q[1])]);
  cs.enforceEqual(Q[0], out[0], "Q");
  cs.enforceEqual(Q[1], out[1], "Q");
}

/** The structure CF: 2,452 rows, 12 public and 2,445 witness columns over F_q. */
export function cycleFoldStructure(): R1CS {
  const cs = new ShapeBuilder(Fq, CYCLE_FOLD_PUBLIC);
  const blank: Point = [0n, 0n];
  cycleFoldCircuit(cs, 0n, [blank, blank, blank, blank]);
  return cs.structure();
}

/** A fresh CycleFold instance before commitment; Q stands in X[10], X[11]. */
export interface CycleFoldWitness {
  readonly X: bigint[];
  readonly W: bigint[];
  /** Labels of violated rules; empty when the points are on G1 and no addition met equal x. */
  readonly violations: string[];
}

/** The assignment for ρ = 2¹²⁷ + 2t + 1, t < 2¹²⁷, and P0 … P3 in G1. */
export function cycleFoldWitness(t: bigint, points: Quad<Point>): CycleFoldWitness {
  const cs = new WitnessBuilder(Fq, CYCLE_FOLD_PUBLIC);
  cycleFoldCircuit(cs, t, points);
  return { X: cs.publicValues(), W: cs.witnessValues(), violations: cs.violations() };
}
