// Sums of runs of entries by id, in chunks that stay in cache: the trees of one chunk give partial
// sums, which are then added to the homes of their ids.

import { addAll } from "./batch";
import { ADDITION, endomorphism, POINT } from "./kernel";
import { Plan } from "./plan";
import { SEGMENT, sumTree } from "./tree";

/**
 * Adds the entries of each id i < ids, entries [ends[i−1], ends[i]) (ends[−1] = 0), to sums[i].
 * sums[i] is 0 (nothing yet) or the address of homes[i].
 * `packed`: entries are packed points; then `endo` applies the endomorphism to their sums.
 */
export function addRuns(
  plan: Plan,
  ids: i32,
  ends: usize,
  sums: usize,
  homes: usize,
  packed: bool,
  endo: bool,
): void {
  let id = 0;
  let at: u32 = 0;
  while (id < ids) {
    let segments = 0;
    let room = plan.chunk;
    while (id < ids && room > 0) {
      const end = load<u32>(ends + (usize(id) << 2));
      const length = min(end - at, room);
      if (length > 0) {
        const segment = plan.segments + usize(segments++) * SEGMENT;
        store<u32>(segment, u32(plan.entries) + (at << 2));
        store<u32>(segment, length, 4);
        store<u32>(segment, id, 8);
        at += length;
        room -= length;
      }
      if (at == end) id++;
    }
    const free = sumTree(plan, segments, packed);
    if (endo) mapSegments(plan, segments, free);
    addSegments(plan, segments, sums, homes);
  }
}

/** Copies a working point; memory.copy is a call in some engines. */
function movePoint(to: usize, from: usize): void {
  for (let k: usize = 0; k < POINT; k += 16) {
    store<u64>(to + k, load<u64>(from + k));
    store<u64>(to + k, load<u64>(from + k, 8), 8);
  }
}

/** Replaces the segments' sums by their images under the endomorphism, at `to`. */
function mapSegments(plan: Plan, segments: i32, to: usize): void {
  for (let s = 0; s < segments; s++) {
    const entries: usize = load<u32>(plan.segments + usize(s) * SEGMENT);
    const point = u32(to + usize(s) * POINT);
    movePoint(point, load<u32>(entries));
    store<u32>(entries, point);
  }
  if (segments > 0) endomorphism(to, segments);
}

/** sums[id] += the segment's sum. */
function addSegments(plan: Plan, segments: i32, sums: usize, homes: usize): void {
  let n: u32 = 0;
  for (let s = 0; s < segments; s++) {
    const segment = plan.segments + usize(s) * SEGMENT;
    const point = load<u32>(load<u32>(segment));
    const id: usize = load<u32>(segment, 8);
    const home = u32(homes + id * POINT);
    const sum = sums + (id << 2);
    if (load<u32>(sum) == 0) {
      movePoint(home, point);
      store<u32>(sum, home);
      continue;
    }
    const at = plan.list + usize(n) * ADDITION;
    store<u32>(at, home);
    store<u32>(at, point, 4);
    store<u32>(at, home, 8);
    if (++n == plan.batch) {
      addAll(plan, n, false);
      n = 0;
    }
  }
  addAll(plan, n, false);
}
