import { SCALAR_BITS } from "./plan.ts";

/** What decides the width of the windows. */
export interface ScalarCounts {
  /** Scalars of full size. */
  readonly wide: number;
  /** Scalars below 2^62, by bit length. */
  readonly small: ArrayLike<number>;
}

/** How scalars are cut. */
export interface Windows {
  /** Tables used, a divisor of those there are; each covers 128/tables bits. */
  readonly tables: number;
  /** Widths of the windows that cover one table's bits, least significant first, the wider ones first. */
  readonly widths: readonly number[];
}

/** Digits are kept in 16 bits. */
const MAX_WIDTH = 16;
/**
 * Costs in units of one digit (its addition and sorting), measured: of a bucket (reduction,
 * endomorphism, cache) and of a set of buckets (small batches at the ends of trees).
 */
const BUCKET_COST = 1.75;
const SET_COST = 40;

/** Fewer windows mean fewer digits, but more buckets; more tables mean fewer sets of buckets. */
export function chooseWindows(tableCount: number, counts: ScalarCounts): Windows {
  let best = { tables: 1, sets: 0, cost: Number.POSITIVE_INFINITY };
  for (let tables = 1; tables <= tableCount; tables *= 2) {
    const spacing = SCALAR_BITS / tables;
    for (let sets = Math.ceil(spacing / MAX_WIDTH); sets <= spacing / 4; sets++) {
      const cost = costOf(tables, sets, counts);
      if (cost < best.cost) best = { tables, sets, cost };
    }
  }
  return { tables: best.tables, widths: evenWidths(SCALAR_BITS / best.tables, best.sets) };
}

/** n widths of sum `bits`, the wider ones first. */
export function evenWidths(bits: number, n: number): readonly number[] {
  return Array.from({ length: n }, (_, i) => Math.floor(bits / n) + (i < bits % n ? 1 : 0));
}

function costOf(tables: number, sets: number, { wide, small }: ScalarCounts): number {
  const spacing = SCALAR_BITS / tables;
  const narrow = Math.floor(spacing / sets);
  const wider = spacing % sets; // sets with one bit more, twice the buckets
  const buckets = (sets + wider) * 2 ** (narrow - 1);
  const digits = 2 * wide * tables * sets + smallDigits(narrow + Math.sign(wider), small);
  return digits + buckets * BUCKET_COST + sets * SET_COST;
}

/** Digits of the small scalars if all windows were of this width. */
function smallDigits(width: number, histogram: ArrayLike<number>): number {
  let digits = 0;
  for (let bits = 1; bits < histogram.length; bits++) {
    digits += histogram[bits]! * Math.ceil((bits + 1) / width);
  }
  return digits;
}
