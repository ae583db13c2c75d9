import { Grumpkin, type Point, SHORT_BITS, assert } from "@foldmesh/algebra";
import { addPairwise, doublingChain } from "./batch-points.ts";
import { FIELD_BITS } from "./bits.ts";
import { CYCLE_FOLD_PUBLIC, ODD_SCALAR_OFFSET } from "./statement.ts";

/** The four points 2ʷ·O + digit·4ᵏ·B of one 2-bit window. */
export type FixedBaseWindow = readonly [Point, Point, Point, Point];

/**
 * Tables for committing, in circuit, to the public input of a fresh CycleFold instance,
 *
 *   C_X = G_0 + ρG_1 + P0x·G_2 + P0y·G_3 + … + Qy·G_11,   ρ = 2¹²⁷ + 2t + 1,
 *
 * two bits at a time: C_X = constant + Σ_w (2ʷO + digit_w·4ᵏB), B running over 2G_1 (64 windows on t), then
 * G_2 … G_11 (127 windows each), and constant = G_0 + (2¹²⁷+1)G_1 − Σ_w 2ʷO. Every entry holds its own
 * multiple of O, so none is the identity; every partial sum holds G_0, which no entry does.
 */
export interface FixedBaseTables {
  readonly windows: readonly FixedBaseWindow[];
  readonly constant: Point;
}

/** t is padded with zero bits to an even number. */
export const T_TABLE_BITS: number = SHORT_BITS + 1;

/**
 * Builds the tables from the generators `cfx` (12 of them) and `cfoff`, which must come from
 * hash-to-curve: a known relation between them would break the unchecked additions of the gadget.
 */
export function fixedBaseTables(cfx: readonly Point[], cfoff: Point): FixedBaseTables {
  assert(cfx.length >= CYCLE_FOLD_PUBLIC, `expected ${CYCLE_FOLD_PUBLIC} cfx generators`);
  const tBase = sum(cfx[1]!, cfx[1]!);
  const coordinates = cfx.slice(2, CYCLE_FOLD_PUBLIC);
  // position 2w of `doubles` is 4ᵏB of window w, position 2w + 1 twice that
  const doubles = [
    ...doublingChain(Grumpkin, tBase, T_TABLE_BITS),
    ...coordinates.flatMap((base) => doublingChain(Grumpkin, base, FIELD_BITS)),
  ];
  const ones = doubles.filter((_, n) => n % 2 === 0);
  const twos = doubles.filter((_, n) => n % 2 === 1);
  const offsets = doublingChain(Grumpkin, cfoff, ones.length + 1);
  const end = offsets.pop()!; // Σ_w 2ʷO = end − O
  const plus1 = addPairwise(Grumpkin, offsets, ones);
  const plus2 = addPairwise(Grumpkin, offsets, twos);
  const plus3 = addPairwise(Grumpkin, plus1, twos);
  const windows = offsets.map((O, w): FixedBaseWindow => [O, plus1[w]!, plus2[w]!, plus3[w]!]);
  const always = sum(cfx[0]!, Grumpkin.mul(ODD_SCALAR_OFFSET, cfx[1]!));
  return { windows, constant: sum(sum(always, cfoff), Grumpkin.neg(end)) };
}

function sum(left: Point | null, right: Point | null): Point {
  const point = Grumpkin.add(left, right);
  assert(point !== null, "fixed-base generators are related");
  return point;
}
