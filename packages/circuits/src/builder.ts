import type { PrimeField } from "@foldmesh/algebra";

/**
 * What circuit code is written against. `V` is a linear combination of the circuit's variables in
 * whatever form the mode keeps it: a matrix row while *shaping* (`ShapeBuilder`), just its value while
 * *witnessing* (`WitnessBuilder`). The same code, run once with each, yields the matrices and the
 * assignment; the order of `witness` and `enforce` calls is part of the protocol, because it decides
 * the digests of the structures.
 */
export interface Builder<V> {
  readonly field: PrimeField;
  readonly zero: V;
  readonly one: V;

  constant(k: bigint): V;
  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  scale(k: bigint, a: V): V;
  /** constant + Σ coefficients[i]·terms[i] over the first coefficients.length terms */
  linear(coefficients: readonly bigint[], terms: readonly V[], constant?: bigint): V;

  /**
   * The canonical value, from which hints are computed. Always 0 while shaping, where hints are
   * ignored: a hint must therefore be computable from zeros (`inv0`, not `inv`).
   */
  value(a: V): bigint;

  /** Assigns public column `column` ≥ 1. */
  publicInput(column: number, value: bigint): V;
  /** The next witness column. Unconstrained until an `enforce` mentions it. */
  witness(value: bigint): V;
  /** A witness column constrained to a·b. */
  mul(a: V, b: V): V;

  /** a·b = c. `label` names the rule for whoever reports a violation. */
  enforce(a: V, b: V, c: V, label: string): void;
  /** a·1 = 0 */
  enforceZero(a: V, label: string): void;
  /** (a − b)·1 = 0 */
  enforceEqual(a: V, b: V, label: string): void;

  /** Names the constraints added since the previous call. */
  endSection(name: string): void;
}
