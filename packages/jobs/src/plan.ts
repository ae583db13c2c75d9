import type { PeerId, Range } from "@foldmesh/protocol";

/** A prover's measured speed: steps per minute, or any unit as long as all are alike; positive. */
export interface Speed {
  readonly peer: PeerId;
  readonly speed: number;
  /** shards it proves at once */
  readonly slots: number;
}

export interface PlanInit {
  readonly steps: number;
  readonly speeds: readonly Speed[];
  /** shards cut for every slot: more of them even out surprises, fewer save merges */
  readonly shardsPerSlot: number;
  /** a shard under this is not worth its merge */
  readonly minSteps: number;
  /** what fits a prover's memory */
  readonly maxSteps: number;
  /** how fast the states before shards become known, in the unit of `speeds`; default: all are known */
  readonly executed?: number;
}

/**
 * Cuts [0, steps) into contiguous half-open shards, one or more for every slot, sized by speed: a peer twice as fast gets twice the
 * steps, within one. Where a shard waits for the state before it, it is the smaller the later it begins, so that all end together. Slots too slow for `minSteps` get none; shares over `maxSteps` are split evenly. Largest shards come first, so that
 * the longest work is auctioned first.
 * @param init steps ≥ 1, shardsPerSlot ≥ 1, 1 ≤ minSteps ≤ maxSteps; without speeds it is all one share
 */
export function planShards({
  steps,
  speeds,
  shardsPerSlot,
  minSteps,
  maxSteps,
  executed = Infinity,
}: PlanInit): readonly Range[] {
  const slots = speeds.flatMap(({ speed, slots: n }) =>
    Array.from({ length: n * shardsPerSlot }, () => speed),
  );
  const falling = slots.toSorted((a, b) => b - a);
  const weights = dropTooSlow(
    steps,
    shardsPerSlot === 1 ? shortenLater(falling, executed) : falling,
    minSteps,
  );
  return cut(steps, weights).flatMap((share) => splitEvenly(share, maxSteps));
}

/** What a late shard gets at least, of the share that is due to its speed: speeds are claims, and nobody is starved for another's. */
const LEAST_SHARE = 0.25;

/**
 * A shard that begins after `before` steps begins `before / executed` late. For all to end at time T it must have
 * speed · (T − before / executed) steps, and `before` is proportional to T.
 */
function shortenLater(speeds: readonly number[], executed: number): readonly number[] {
  let before = 0;
  return speeds.map((speed) => {
    const weight = speed * Math.max(LEAST_SHARE, 1 - before / executed);
    before += weight;
    return weight;
  });
}

/** The fastest slots whose shares all reach `minSteps`; at least one. @param weights falling */
function dropTooSlow(
  steps: number,
  weights: readonly number[],
  minSteps: number,
): readonly number[] {
  let total = weights.reduce((a, b) => a + b, 0);
  let kept = weights.length;
  while (kept > 1 && steps * (weights[kept - 1] as number) < minSteps * total) {
    kept -= 1;
    total -= weights[kept] as number;
  }
  return kept === 0 ? [1] : weights.slice(0, kept);
}

/** Parts of a unit of speed that a cut tells apart. */
const FINENESS = 1024;

/** Cuts at the rounded running sums of the weights, so that every share is within one of its due. */
function cut(steps: number, weights: readonly number[]): readonly Range[] {
  const whole = weights.map((weight) => BigInt(Math.ceil(weight * FINENESS)));
  const total = whole.reduce((a, b) => a + b, 0n);
  let sum = 0n;
  let start = 0;
  const shares = whole.map((weight): Range => {
    sum += weight;
    const range = { start, end: Number((BigInt(steps) * sum) / total) };
    start = range.end;
    return range;
  });
  return shares.filter(({ start: from, end }) => from < end);
}

function splitEvenly({ start, end }: Range, maxSteps: number): readonly Range[] {
  const pieces = Math.ceil((end - start) / maxSteps);
  const at = (i: number): number => start + Math.floor(((end - start) * i) / pieces);
  return Array.from({ length: pieces }, (_, i) => ({ start: at(i), end: at(i + 1) }));
}
