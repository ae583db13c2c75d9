// From bucket sums S_b to Σ b·S_b, as summands of powers of two: pairing b = 2i with 2i + 1 leaves
// Σ b·S_b = Σ_odd S_b + 2·Σ i·(S_2i + S_(2i+1)), and so on level by level. In place: after level l,
// slot b holds its level's sum, where 2^l is the largest power of two dividing b. Two additions a
// bucket, all of them batched.

import { addAll } from "./batch";
import { ADDITION, POINT } from "./kernel";
import { Plan } from "./plan";
import { addRuns } from "./runs";

/** Adds the group's sets from … to−1: the summands of their powers of two go to plan.weightSums. */
export function reduceBuckets(plan: Plan, from: u32, to: u32): void {
  const top = plan.stride - 1; // a power of two
  for (let step: u32 = 1; step < top; step <<= 1) pairLevel(plan, to - from, step);
  sumLevels(plan, from, to);
}

function widthOf(plan: Plan, set: u32): u32 {
  return load<u32>(plan.widths + (usize(set) << 2));
}

/**
 * Slot 2i·step += slot (2i + 1)·step, i ≥ 1. An empty slot takes over its partner's address: that one
 * is odd at this level and never written again.
 */
function pairLevel(plan: Plan, sets: u32, step: u32): void {
  let n: u32 = 0;
  for (let set: u32 = 0; set < sets; set++) {
    const first = set * plan.stride;
    for (let b: u32 = 2 * step; b + step < plan.stride; b += 2 * step) {
      const sum: usize = plan.sums + ((first + b) << 2);
      const left = load<u32>(sum);
      const right = load<u32>(sum + (step << 2));
      if (right == 0) continue;
      if (left == 0) {
        store<u32>(sum, right);
        continue;
      }
      const home = u32(plan.homes + usize(first + b) * POINT);
      const at = plan.list + usize(n) * ADDITION;
      store<u32>(at, left);
      store<u32>(at, right, 4);
      store<u32>(at, home, 8);
      store<u32>(sum, home);
      if (++n == plan.batch) {
        addAll(plan, n, false);
        n = 0;
      }
    }
  }
  addAll(plan, n, false);
}

/**
 * The summand of 2^(position + l), for the window of a set at `position`, is the sum of the slots
 * whose largest power of two is 2^l. Windows adjoin, so these exponents are consecutive.
 */
function sumLevels(plan: Plan, from: u32, to: u32): void {
  let position: u32 = 0;
  for (let set: u32 = 0; set < from; set++) position += widthOf(plan, set);
  let n: u32 = 0;
  let levels: u32 = 0;
  for (let set = from; set < to; set++) {
    const sums = plan.sums + (((set - from) * plan.stride) << 2);
    for (let level: u32 = 0; level < widthOf(plan, set); level++) {
      n = appendLevel(plan, sums, level, n);
      store<u32>(plan.weightEnds + (levels++ << 2), n);
    }
  }
  const weights = plan.weightSums + (position << 2);
  const homes = plan.weightHomes + usize(position) * POINT;
  addRuns(plan, levels, plan.weightEnds, weights, homes, false, false);
}

/** Appends the level's slots that are not empty to the entries, of which there are n. */
function appendLevel(plan: Plan, sums: usize, level: u32, n: u32): u32 {
  for (let b: u32 = 1 << level; b < plan.stride; b += 2 << level) {
    const sum = load<u32>(sums + (b << 2));
    if (sum != 0) store<u32>(plan.entries + (n++ << 2), sum);
  }
  return n;
}
