// How one multi-scalar multiplication of n points is cut: windows, buckets, and work of a thread.

import { FULL_ADDITION, MIXED_ADDITION } from "../wgsl/formulas.ts";

/** Bits of a scalar, and one for the sign of the highest digit. */
const SCALAR_BITS = 255;
const POINT = 128;
const AFFINE = 64;
const SCALAR = 32;

export interface MSMPlan {
  readonly points: number;
  /** Bits of a signed digit. */
  readonly width: number;
  readonly windows: number;
  /** Buckets of a window: digits 1 … 2^(width−1). */
  readonly buckets: number;
  /** Sorted entries that one thread adds up. */
  readonly run: number;
  /** Buckets that one thread weighs and adds up. */
  readonly group: number;
}

/** Threads that the entries are at most cut into: enough to keep the largest GPUs busy. */
const THREADS = 2 ** 17;
export const COMBINE_RUN = 16;
const MAX_GROUP = 16;
const MAX_WIDTH = 16;

/** The plan with the fewest multiplications. */
export function planMSM(points: number): MSMPlan {
  let best = planOf(points, 4);
  for (let width = 5; width <= MAX_WIDTH; width++) {
    const plan = planOf(points, width);
    if (multiplications(plan) < multiplications(best)) best = plan;
  }
  return best;
}

function planOf(points: number, width: number): MSMPlan {
  const windows = Math.ceil(SCALAR_BITS / width);
  const buckets = 2 ** (width - 1);
  const run = Math.min(64, Math.max(16, 2 ** Math.ceil(Math.log2((points * windows) / THREADS))));
  return { points, width, windows, buckets, run, group: Math.min(MAX_GROUP, buckets) };
}

/** Field multiplications, for scalars without zero digits. */
export function multiplications({ points, width, windows, buckets, run, group }: MSMPlan): number {
  const entries = points * windows;
  const combined = (2 * entries) / run;
  const weighed = windows * buckets * (2 + (1.5 * width + 1) / group);
  return entries * MIXED_ADDITION + (combined + weighed) * FULL_ADDITION;
}

export const threadsOf = ({ points, windows, run }: MSMPlan): number =>
  Math.ceil((points * windows) / run);

/** Sizes of the working buffers in bytes. */
export function workspaceBytes(plan: MSMPlan): Readonly<Record<WorkspaceName, number>> {
  const { points, windows, buckets, group } = plan;
  const slots = 2 * threadsOf(plan);
  const all = windows * buckets;
  return {
    scalars: SCALAR * points,
    sorted: 4 * points * windows,
    offsets: 4 * (all + 1),
    cursors: 4 * (all + 1),
    evenSums: 4 * (all / 16 + 64),
    oddSums: 4 * (all / 16 + 64),
    buckets: POINT * all,
    partials: POINT * slots,
    ids: 4 * slots,
    nextPartials: POINT * 2 * Math.ceil(slots / COMBINE_RUN),
    nextIds: 4 * 2 * Math.ceil(slots / COMBINE_RUN),
    weighed: (POINT * all) / group,
    added: POINT * Math.ceil(all / group / 2),
  };
}

export type WorkspaceName =
  | "scalars"
  | "sorted"
  | "offsets"
  | "cursors"
  | "evenSums"
  | "oddSums"
  | "buckets"
  | "partials"
  | "ids"
  | "nextPartials"
  | "nextIds"
  | "weighed"
  | "added";

/** Browsers and phones take a device away that is busy with one dispatch for two seconds. */
const LONGEST_DISPATCH_S = 0.5;

/**
 * The most points, a power of two, of which no buffer is larger than `bytes` and no dispatch takes long.
 * @param rate products a second
 */
export function largestChunk(bytes: number, rate: number = Infinity): number {
  let points = 2 ** 22;
  const fits = (n: number): boolean => {
    const plan = planMSM(n);
    const longest = n * plan.windows * MIXED_ADDITION;
    return (
      longest <= rate * LONGEST_DISPATCH_S &&
      Math.max(AFFINE * n, ...Object.values(workspaceBytes(plan))) <= bytes
    );
  };
  while (points > 1 && !fits(points)) points /= 2;
  return points;
}

/** Bytes that a commitment moves between buffers and threads: a lower bound, each touch counted once. */
export function bytesMoved(plan: MSMPlan): number {
  const { points, windows, buckets } = plan;
  const entries = points * windows;
  const slots = 2 * threadsOf(plan);
  return (
    2 * SCALAR * points + // read to count and to sort
    entries * (4 + 4 + AFFINE) + // sorted, read again, each with its base
    2 * windows * buckets * (POINT + 8) +
    2 * slots * (POINT + 4)
  );
}
