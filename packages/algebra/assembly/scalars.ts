// Scalars to lists to signed digits. Zeros are dropped; small ones (< 2^62) are kept as they are, so
// that those below half a window cost one digit in all; the others are split in two of 128 bits.

import { split, SPLIT } from "./glv";
import { Plan } from "./plan";
import { carryOf } from "./words";

const SMALL_BITS: u64 = 62;
/** Bytes of a scalar. */
const SCALAR: usize = 32;

/** Appends `count` canonical scalars of 32 bytes, those of bases first, first + 1, … */
export function appendScalars(plan: Plan, bytes: usize, count: i32, first: i32): void {
  for (let i = 0; i < count; i++) {
    const scalar = bytes + usize(i) * SCALAR;
    const low = load<u64>(scalar);
    const rest = load<u64>(scalar, 8) | load<u64>(scalar, 16) | load<u64>(scalar, 24);
    if ((rest | (low >> SMALL_BITS)) != 0) {
      const at: usize = plan.wideCount++;
      split(plan.wide + at * SPLIT, scalar);
      store<u32>(plan.wideIndex + (at << 2), first + i);
    } else if (low != 0) {
      const at: usize = plan.smallCount++;
      store<u64>(plan.small + (at << 3), low);
      store<u32>(plan.smallIndex + (at << 2), first + i);
      const bin = plan.histogram + (usize(64 - clz(low)) << 2);
      store<u32>(bin, load<u32>(bin) + 1);
    }
  }
}

/** Moves the small scalars that do not fit a positive digit of window 0 to the wide ones. */
export function promote(plan: Plan): void {
  const limit: u64 = 1 << (load<u32>(plan.widths) - 1);
  let kept: usize = 0;
  for (let i: usize = 0; i < plan.smallCount; i++) {
    const value = load<u64>(plan.small + (i << 3));
    const index = load<u32>(plan.smallIndex + (i << 2));
    if (value < limit) {
      store<u64>(plan.small + (kept << 3), value);
      store<u32>(plan.smallIndex + (kept << 2), index);
      kept++;
      continue;
    }
    const at: usize = plan.wideCount++;
    const wide = plan.wide + at * SPLIT;
    memory.fill(wide, 0, SPLIT);
    store<u64>(wide, value);
    store<u32>(plan.wideIndex + (at << 2), index);
  }
  plan.smallCount = u32(kept);
}

/**
 * Digits of the wide scalars. With C = Σ 2^(position + width − 1) over all windows, the windows of
 * k + C, each minus half its range, are signed digits of k in [−2^(width−1), 2^(width−1)); |k| < 2^127
 * − 2^112 leaves the top one without a carry. Row 2·w + h: halves k1 (h = 0) and k2 of window w.
 */
export function makeDigits(plan: Plan): void {
  let offset0: u64 = 0;
  let offset1: u64 = 0;
  let position: u64 = 0;
  for (let w: u32 = 0; w < plan.sets * plan.tableCount; w++) {
    position += widthOf(plan, w);
    if (position <= 64) offset0 |= 1 << (position - 1);
    else offset1 |= 1 << (position - 65);
  }
  const count = plan.wideCount;
  for (let i: u32 = 0; i < count; i++) {
    const wide = plan.wide + usize(i) * SPLIT;
    digitsOf(plan, wide, offset0, offset1, plan.digits + (i << 1));
    digitsOf(plan, wide + 16, offset0, offset1, plan.digits + plan.rowBytes + (i << 1));
  }
}

function widthOf(plan: Plan, window: u32): u64 {
  return load<u32>(plan.widths + (usize(window % plan.sets) << 2));
}

function digitsOf(plan: Plan, k: usize, offset0: u64, offset1: u64, to: usize): void {
  const windows = plan.widths;
  const end = plan.widths + (usize(plan.sets) << 2);
  const stride: usize = usize(plan.rowBytes) << 1;
  let low = load<u64>(k) + offset0;
  let high = load<u64>(k, 8) + offset1 + carryOf(low, offset0);
  for (let j: u32 = 0; j < plan.tableCount; j++) {
    for (let at: usize = windows; at < end; at += 4) {
      const width: u64 = load<u32>(at);
      store<i16>(to, i32(low & ((1 << width) - 1)) - (1 << i32(width - 1)));
      low = (low >> width) | (high << (64 - width));
      high >>= width;
      to += stride;
    }
  }
}
