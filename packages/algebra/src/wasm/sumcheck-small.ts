import type { QuadraticRound } from "../engine.ts";
import type { PrimeField } from "../field.ts";

/** The last round, on tables of two entries: their halves share a pair, so it is done on BigInt. */
export function quadraticRoundOfOne(
  field: PrimeField,
  tables: readonly (readonly [lo: bigint, hi: bigint])[],
  weight: bigint,
): QuadraticRound {
  const [[a0, a1], [b0, b1], [c0, c1]] = tables as [
    [bigint, bigint],
    [bigint, bigint],
    [bigint, bigint],
  ];
  const [da, db, dc] = [a1 - a0, b1 - b0, c1 - c0];
  return [
    field.reduce(weight * (a0 * b0 - c0)),
    field.reduce(weight * (a0 * db + da * b0 - dc)),
    field.reduce(weight * da * db),
  ];
}
