// Multi-scalar multiplication Σ kᵢ·Gᵢ over fixed bases: control code for both curves and both kinds
// of point kernels. No heap: every address comes in the plan (src/msm/plan.ts).

import { ELEMENTS_BYTES, isIdentity, weighedSum } from "./complete";
import { ELEMENT, expandPoint, feToWords } from "./kernel";
import { Plan } from "./plan";
import { reduceBuckets } from "./reduce";
import { addRuns } from "./runs";
import { makeDigits } from "./scalars";
import { sortDigits } from "./sort";

export { appendScalars, promote } from "./scalars";
export { multiplyPoints } from "./tables";

/** Bytes at Plan.elements. */
export function elementsBytes(): u32 {
  return u32(ELEMENTS_BYTES);
}

/**
 * The sum over the plan's scalars, after `promote`: x ‖ y at `result`, 64 canonical little-endian
 * bytes, or false for the identity.
 */
export function multiply(plan: Plan, result: usize): bool {
  plan.identities = 0;
  memory.fill(plan.weightSums, 0, usize(plan.spacing) << 2);
  makeDigits(plan);
  for (let from: u32 = 0; from < plan.sets; from += plan.group) {
    addSets(plan, from, min(from + plan.group, plan.sets));
  }
  weighedSum(plan.junk, plan.weightSums, plan.spacing, plan.elements);
  if (isIdentity(plan.junk)) return false;
  expandPoint(plan.work, plan.junk);
  feToWords(result, plan.work);
  feToWords(result + 32, plan.work + ELEMENT);
  return true;
}

/** Adds what the sets from … to−1 contribute to plan.weightSums. */
function addSets(plan: Plan, from: u32, to: u32): void {
  const buckets = (to - from) * plan.stride;
  memory.fill(plan.sums, 0, usize(buckets) << 2);
  for (let half: u32 = 0; half < 2; half++) {
    sortDigits(plan, from, to, half);
    addRuns(plan, buckets, plan.counters, plan.sums, plan.homes, true, half == 1);
  }
  reduceBuckets(plan, from, to);
}
