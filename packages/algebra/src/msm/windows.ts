import { SCALAR_BITS } from "./plan.ts";

/** What decides the width of the windows. */
export interface ScalarCounts {
  /** Scalars of full size. */
  readonly wide: number;
  /** Scalars below 2^62, by bit length. */
  readonly small: ArrayLike<number>;
}

const MAX_WIDTH = 16;
/**
 * Costs in additions, measured: of a bucket (reduction, endomorphism, memory), of a set of buckets
 * (small batches at the ends of trees), of sorting one digit.
 */
const BUCKET_COST = 2.5;
const SET_COST = 400;
const DIGIT_COST = 1.05;

/**
 * Widths of the windows that cover `spacing` bits, least significant first. Fewer windows mean fewer
 * digits and more buckets; widths differ by at most one.
 */
export function chooseWindows(spacing: number, counts: ScalarCounts): readonly number[] {
  let best: readonly number[] = [];
  let bestCost = Number.POSITIVE_INFINITY;
  for (let n = Math.ceil(spacing / MAX_WIDTH); n <= spacing / 2; n++) {
    const widths = evenWindows(spacing, n);
    const cost = costOf(widths, spacing, counts);
    if (cost >= bestCost) continue;
    best = widths;
    bestCost = cost;
  }
  return best;
}

/** n widths of sum `bits`, the wider ones first. */
export function evenWindows(bits: number, n: number): readonly number[] {
  return Array.from({ length: n }, (_, i) => Math.floor(bits / n) + (i < bits % n ? 1 : 0));
}

function costOf(widths: readonly number[], spacing: number, counts: ScalarCounts): number {
  const tables = SCALAR_BITS / spacing;
  const digits = 2 * counts.wide * tables * widths.length + smallDigits(widths[0]!, counts.small);
  const buckets = widths.reduce((sum, width) => sum + 2 ** (width - 1), 0);
  return digits * DIGIT_COST + buckets * BUCKET_COST + widths.length * SET_COST;
}

/** Digits of the small scalars when all windows were of this width. */
function smallDigits(width: number, histogram: ArrayLike<number>): number {
  return Array.from(histogram).reduce(
    (sum, count, bits) => sum + count * Math.ceil((bits + 1) / width),
    0,
  );
}
