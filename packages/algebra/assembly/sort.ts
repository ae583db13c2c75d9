// Counting sort of one half's digits into entries by bucket, for a group of sets of buckets.

import { PACKED } from "./kernel";
import { Plan } from "./plan";

/**
 * Entries of half `half` of the sets from, from + 1, … (plan.group of them or as many as there are),
 * by set, then by |digit|; `counters` ends up as the ends of the runs. Window w of table j
 * belongs to set w: its points already carry the factor 2^(j·spacing).
 */
export function sortDigits(plan: Plan, from: u32, to: u32, half: u32): void {
  memory.fill(plan.counters, 0, (usize(to - from) * plan.stride) << 2);
  for (let set = from; set < to; set++) {
    const counters = countersOf(plan, set - from);
    for (let j: u32 = 0; j < plan.tableCount; j++) {
      countDigits(counters, rowOf(plan, j, set, half), plan.wideCount);
    }
    if (set == 0 && half == 0) countSmall(plan, counters);
    store<u32>(counters, 0); // digits 0 contribute nothing
  }
  sumCounters(plan, (to - from) * plan.stride);
  for (let set = from; set < to; set++) {
    const counters = countersOf(plan, set - from);
    for (let j: u32 = 0; j < plan.tableCount; j++) {
      const table = u32(plan.tables) + j * plan.tableBytes;
      placeDigits(plan, counters, rowOf(plan, j, set, half), table);
    }
    if (set == 0 && half == 0) placeSmall(plan, counters);
  }
}

function countersOf(plan: Plan, set: u32): usize {
  return plan.counters + ((set * plan.stride) << 2);
}

function rowOf(plan: Plan, table: u32, set: u32, half: u32): usize {
  return plan.digits + ((table * plan.sets + set) * 2 + half) * plan.rowBytes;
}

function increment(counter: usize): u32 {
  const count = load<u32>(counter);
  store<u32>(counter, count + 1);
  return count;
}

function countDigits(counters: usize, row: usize, count: u32): void {
  const end = row + (count << 1);
  for (let at = row; at < end; at += 2) {
    increment(counters + (usize(abs(i32(load<i16>(at)))) << 2));
  }
}

function countSmall(plan: Plan, counters: usize): void {
  for (let i: usize = 0; i < plan.smallCount; i++) {
    increment(counters + (load<u32>(plan.small + (i << 3)) << 2));
  }
}

/** Counts to starts. */
function sumCounters(plan: Plan, count: u32): void {
  let sum: u32 = 0;
  const end = plan.counters + (count << 2);
  for (let at: usize = plan.counters; at < end; at += 4) {
    const n = load<u32>(at);
    store<u32>(at, sum);
    sum += n;
  }
}

function placeDigits(plan: Plan, counters: usize, row: usize, table: u32): void {
  const entries: usize = plan.entries;
  const count = plan.wideCount;
  let index: usize = plan.wideIndex;
  const end = row + (count << 1);
  for (let at = row; at < end; at += 2) {
    const digit = i32(load<i16>(at));
    if (digit != 0) {
      const place: usize = increment(counters + (usize(abs(digit)) << 2));
      const entry = table + load<u32>(index) * u32(PACKED) + (u32(digit) >> 31);
      store<u32>(entries + (place << 2), entry);
    }
    index += 4;
  }
}

function placeSmall(plan: Plan, counters: usize): void {
  for (let i: usize = 0; i < plan.smallCount; i++) {
    const counter = counters + (load<u32>(plan.small + (i << 3)) << 2);
    const place: usize = increment(counter);
    const entry = u32(plan.tables) + load<u32>(plan.smallIndex + (i << 2)) * u32(PACKED);
    store<u32>(plan.entries + (place << 2), entry);
  }
}
