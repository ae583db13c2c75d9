// Tables of multiples 2^spacing·G of the bases, by batches of doublings.

import { FILLERS } from "./constants";
import { invert } from "./inverse";
import {
  ADDITION,
  batchBackward,
  batchForwardDouble,
  constants,
  ELEMENT,
  PACKED,
  packPoint,
  POINT,
  unpackPoint,
} from "./kernel";
import { Plan } from "./plan";

/** `to`[i] = 2^times·`from`[i] for n packed points; uses the plan's areas for additions. */
export function multiplyPoints(plan: Plan, from: usize, to: usize, n: i32, times: i32): void {
  for (let first = 0; first < n; first += plan.batch) {
    const count = min(n - first, i32(plan.batch));
    const offset = usize(first) * PACKED;
    doubleBlock(plan, from + offset, to + offset, count, times);
  }
}

function doubleBlock(plan: Plan, from: usize, to: usize, n: i32, times: i32): void {
  for (let i = 0; i < n; i++) {
    const point = plan.work + usize(i) * POINT;
    unpackPoint(point, u32(from + usize(i) * PACKED));
    setDoubling(plan, i, u32(point), u32(point));
  }
  let padded = n;
  while (padded & 3) setDoubling(plan, padded++, u32(constants() + FILLERS), u32(plan.junk));
  for (let k = 0; k < times; k++) {
    const product = batchForwardDouble(plan.list, padded, plan.scratch);
    if (!invert(product + ELEMENT, product, plan.elements)) unreachable(); // 2·y = 0: no such point
    batchBackward(plan.list, padded, plan.scratch);
  }
  for (let i = 0; i < n; i++) {
    packPoint(to + usize(i) * PACKED, plan.work + usize(i) * POINT);
  }
}

function setDoubling(plan: Plan, i: i32, entry: u32, out: u32): void {
  const at = plan.list + usize(i) * ADDITION;
  store<u32>(at, entry);
  store<u32>(at, entry, 4);
  store<u32>(at, out, 8);
}
