// Sums of many runs of entries at once: each run is halved by pairwise additions, level by level, and
// each level is one stream of batches.

import { addAll } from "./batch";
import { ADDITION, POINT, unpackPoint } from "./kernel";
import { Plan } from "./plan";

/** Bytes of a segment: address of its first entry, number of entries left, id. */
export const SEGMENT: usize = 12;

/**
 * Sums every segment's entries, which are overwritten; afterwards each segment's first entry is its
 * sum, without sign. Entries of packed points become working points in the work area; returns the
 * end of what is used there. Working points referred to are not changed.
 */
export function sumTree(plan: Plan, count: i32, packed: bool): usize {
  const end = firstLevel(plan, count, packed);
  while (nextLevel(plan, count)) {}
  return end;
}

/** Segments whose leftovers are touched before they are unpacked. */
const TOUCHED: i32 = 32;

/** Pairs and packed leftovers go to the work area. */
function firstLevel(plan: Plan, count: i32, packed: bool): usize {
  const batch = plan.batch;
  const list = plan.list;
  let out = u32(plan.work);
  let n: u32 = 0;
  for (let s = 0; s < count; s++) {
    if (packed && s % TOUCHED == 0) touchLeftovers(plan, s, min(s + TOUCHED, count));
    const segment = plan.segments + usize(s) * SEGMENT;
    const entries: usize = load<u32>(segment);
    const length = load<u32>(segment, 4);
    const pairs = length >> 1;
    for (let j: u32 = 0; j < pairs; j++) {
      const at = list + usize(n) * ADDITION;
      store<u64>(at, load<u64>(entries + (j << 3)));
      store<u32>(at, out, 8);
      store<u32>(entries + (j << 2), out);
      out += u32(POINT);
      if (++n == batch) {
        addAll(plan, n, packed);
        n = 0;
      }
    }
    if (length & 1) {
      const last = load<u32>(entries + ((length - 1) << 2));
      if (packed) {
        unpackPoint(out, last);
        store<u32>(entries + (pairs << 2), out);
        out += u32(POINT);
      } else store<u32>(entries + (pairs << 2), last);
    }
    store<u32>(segment, pairs + (length & 1), 4);
  }
  addAll(plan, n, packed);
  return out;
}

/** Loads from the packed points left over in segments from … to−1: many cache misses at a time. */
function touchLeftovers(plan: Plan, from: i32, to: i32): void {
  let any: u32 = 0;
  for (let s = from; s < to; s++) {
    const segment = plan.segments + usize(s) * SEGMENT;
    const length = load<u32>(segment, 4);
    if (length & 1) {
      const last = load<u32>(load<u32>(segment) + ((length - 1) << 2));
      any ^= load<u32>(last & ~7);
    }
  }
  store<u32>(plan.junk, any); // keeps the loads alive
}

/**
 * Pairs overwrite their left operand, which is never a leftover of the level before (that one is
 * last, so right or alone) and hence in the work area. False when nothing was left to add.
 */
function nextLevel(plan: Plan, count: i32): bool {
  const batch = plan.batch;
  const list = plan.list;
  let n: u32 = 0;
  let any = false;
  for (let s = 0; s < count; s++) {
    const segment = plan.segments + usize(s) * SEGMENT;
    const length = load<u32>(segment, 4);
    if (length < 2) continue;
    const entries: usize = load<u32>(segment);
    const pairs = length >> 1;
    for (let j: u32 = 0; j < pairs; j++) {
      const both = load<u64>(entries + (j << 3));
      const at = list + usize(n) * ADDITION;
      store<u64>(at, both);
      store<u32>(at, u32(both), 8);
      store<u32>(entries + (j << 2), u32(both));
      if (++n == batch) {
        addAll(plan, n, false);
        n = 0;
      }
    }
    if (length & 1) {
      store<u32>(entries + (pairs << 2), load<u32>(entries + ((length - 1) << 2)));
    }
    store<u32>(segment, pairs + (length & 1), 4);
    any = true;
  }
  addAll(plan, n, false);
  return any;
}
