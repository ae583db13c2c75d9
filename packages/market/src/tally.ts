import type { PPM, Time } from "@foldmesh/protocol";
import { decayed, stepOf } from "./decay.ts";

/** How one piece of work ended. A failure has quality and efficiency 0. */
export interface Outcome {
  /** 1 000 000 is one whole piece of work; a missing reveal weighs less */
  readonly weight: PPM;
  readonly success: boolean;
  readonly quality: PPM;
  /** promised time over time taken, at most 1 000 000 */
  readonly efficiency: PPM;
}

/** Decayed sums over outcomes, in parts per million of one outcome. */
export interface Tally {
  readonly step: number;
  readonly total: bigint;
  readonly success: bigint;
  readonly quality: bigint;
  readonly efficiency: bigint;
}

export const EMPTY_TALLY: Tally = { step: 0, total: 0n, success: 0n, quality: 0n, efficiency: 0n };

/** The tally as it counts at a later step. */
export function tallyAt(tally: Tally, step: number): Tally {
  const steps = step - tally.step;
  return steps <= 0 ? tally : { step, ...mapSums(tally, (x) => decayed(x, steps)) };
}

/** Adds an outcome; one older than the tally is decayed instead of the tally. */
export function addOutcome(tally: Tally, outcome: Outcome, at: Time, halfLifeMs: number): Tally {
  const step = stepOf(at, halfLifeMs);
  const base = tallyAt(tally, step);
  const part = mapSums(sumsOf(outcome), (x) => decayed(x, base.step - step));
  return addTallies(base, part);
}

export function addTallies(a: Tally, b: Omit<Tally, "step">): Tally {
  return {
    step: a.step,
    total: a.total + b.total,
    success: a.success + b.success,
    quality: a.quality + b.quality,
    efficiency: a.efficiency + b.efficiency,
  };
}

/** The tally times numerator/denominator, rounded down. */
export function scaleTally(tally: Tally, numerator: bigint, denominator: bigint): Tally {
  return { step: tally.step, ...mapSums(tally, (x) => (x * numerator) / denominator) };
}

/** The tally cut down to a total of at most `cap`, its shares kept. */
export function capTally(tally: Tally, cap: bigint): Tally {
  return tally.total <= cap ? tally : scaleTally(tally, cap, tally.total);
}

function sumsOf({ weight, success, quality, efficiency }: Outcome): Omit<Tally, "step"> {
  const total = BigInt(weight);
  const share = (ppm: PPM): bigint => (total * BigInt(ppm)) / 1_000_000n;
  return {
    total,
    success: success ? total : 0n,
    quality: success ? share(quality) : 0n,
    efficiency: success ? share(efficiency) : 0n,
  };
}

function mapSums(sums: Omit<Tally, "step">, f: (x: bigint) => bigint): Omit<Tally, "step"> {
  return {
    total: f(sums.total),
    success: f(sums.success),
    quality: f(sums.quality),
    efficiency: f(sums.efficiency),
  };
}
