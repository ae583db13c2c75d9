// How large a leaf is, told without building anything: the merge circuit's sizes are constants of the protocol.

/** Rows, and columns of a witness, are limited by the size of the commitment key: 2^22 bases are 256 MiB. */
export const MAX_LOG_ROWS = 22;
/** M alone has more than 2^14 rows for every a. */
const MIN_LOG_ROWS = 15;
/** m₁, m₂, m₃. */
export const MASK_ROWS = 3;

/** The merge circuit M for a state of `a` elements and 2^s rows. */
export interface MergeSize {
  readonly rows: number;
  /** wires that are not public */
  readonly witness: number;
}

/** [rows, witness] by a = 1…4, then s = 15…22; a jump is one more permutation of the transcript's sponge. */
const MERGES: readonly (readonly (readonly [rows: number, witness: number])[])[] = [
  [
    [26640, 26448],
    [26915, 26728],
    [27190, 27008],
    [27465, 27288],
    [27740, 27568],
    [28015, 27848],
    [28290, 28128],
    [28565, 28408],
  ],
  [
    [26651, 26466],
    [26926, 26746],
    [27201, 27026],
    [27476, 27306],
    [27751, 27586],
    [28026, 27866],
    [30137, 29982],
    [30412, 30262],
  ],
  [
    [26662, 26484],
    [26937, 26764],
    [29048, 28880],
    [29323, 29160],
    [29598, 29440],
    [29873, 29720],
    [30148, 30000],
    [30423, 30280],
  ],
  [
    [28509, 28338],
    [28784, 28618],
    [29059, 28898],
    [29334, 29178],
    [29609, 29458],
    [29884, 29738],
    [30159, 30018],
    [30434, 30298],
  ],
];

/** @param a 1 to 4 @param s 15 to 22 */
export function mergeSize(a: number, s: number): MergeSize {
  const [rows, witness] = MERGES[a - 1]![s - MIN_LOG_ROWS]!;
  return { rows, witness };
}

/** One constant and three coefficients for each variable of the sumcheck. */
export const libraCount = (s: number): number => 3 * s + 1;

/** A leaf's steps: how many rows and private wires they have together. */
export interface StepSize {
  /** elements of the state, 1 to 4 */
  readonly a: number;
  readonly rows: number;
  readonly witness: number;
}

/** The structure S of a leaf, of 2^s rows with padding. */
export interface LeafSize {
  readonly s: number;
  /** real ones: of steps, merge circuit and masks */
  readonly rows: number;
  /** length of a witness W */
  readonly witness: number;
  /** points that it takes of a commitment key: the length of the inner-product argument */
  readonly bases: number;
}

/** At the least s at which steps, merge circuit and masks fit, since M grows with s itself; null where there is none. */
export function leafSize({ a, rows, witness }: StepSize): LeafSize | null {
  for (let s = MIN_LOG_ROWS; s <= MAX_LOG_ROWS; s++) {
    const merge = mergeSize(a, s);
    const all = rows + merge.rows + MASK_ROWS;
    if (all > 2 ** s) continue;
    const columns = witness + merge.witness + MASK_ROWS + libraCount(s);
    return columns > 2 ** MAX_LOG_ROWS
      ? null
      : { s, rows: all, witness: columns, bases: basesFor(columns) };
  }
  return null;
}

export const basesFor = (witness: number): number => 2 ** Math.ceil(Math.log2(witness));
