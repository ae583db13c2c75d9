// Batches of affine additions with one inversion each, exact for every input.

import { addExactly, isIdentity, sameX, setIdentity } from "./complete";
import { FILLERS, FILLERS_PACKED } from "./constants";
import { invert } from "./inverse";
import {
  ADDITION,
  batchBackward,
  batchForward,
  batchForwardPacked,
  constants,
  copyPoint,
  ELEMENT,
  PACKED,
  POINT,
  unpackPoint,
} from "./kernel";
import { Plan } from "./plan";

/**
 * Does the n ≤ plan.batch additions of plan.list, whose operands are packed points or working points
 * (possibly the identity). The list is used up. No output may be an operand of another addition.
 */
export function addAll(plan: Plan, n: i32, packed: bool): void {
  if (n == 0) return;
  if (plan.identities == 0 && addDistinct(plan, n, packed)) return;
  const left = addExceptions(plan, n, packed);
  if (left > 0 && !addDistinct(plan, left, packed)) unreachable();
}

/** One inversion for all; false, and nothing written, when some pair has equal x. */
function addDistinct(plan: Plan, n: i32, packed: bool): bool {
  const list = plan.list;
  const padded = fill(plan, n, packed);
  const product = packed
    ? batchForwardPacked(list, padded, plan.scratch)
    : batchForward(list, padded, plan.scratch);
  if (!invert(product + ELEMENT, product, plan.elements)) return false;
  batchBackward(list, padded, plan.scratch);
  return true;
}

/** Pads the list to a multiple of 4 with a sum nobody reads. */
function fill(plan: Plan, n: i32, packed: bool): i32 {
  const fillers = u32(constants() + (packed ? FILLERS_PACKED : FILLERS));
  while (n & 3) {
    const at = plan.list + usize(n) * ADDITION;
    store<u32>(at, fillers);
    store<u32>(at, fillers + u32(packed ? PACKED : POINT), 4);
    store<u32>(at, u32(plan.junk), 8);
    n++;
  }
  return n;
}

/**
 * Does the additions with equal x or an identity by the complete formulas and moves the others to the
 * front of the list. Returns how many these are.
 */
function addExceptions(plan: Plan, n: i32, packed: bool): i32 {
  const list = plan.list;
  const left = plan.junk;
  const right = left + POINT;
  let kept = 0;
  for (let i = 0; i < n; i++) {
    const at = list + usize(i) * ADDITION;
    const out = load<u32>(at, 8);
    fetch(left, load<u32>(at), packed);
    fetch(right, load<u32>(at, 4), packed);
    if (isIdentity(left) || isIdentity(right) || sameX(left, right, plan.elements)) {
      addExactly(out, left, right, plan.elements);
      if (isIdentity(out)) plan.identities = 1;
    } else {
      memory.copy(list + usize(kept) * ADDITION, at, ADDITION);
      kept++;
    }
  }
  return kept;
}

/** A working point, with its sign applied, from an entry. */
function fetch(to: usize, entry: u32, packed: bool): void {
  if (packed) unpackPoint(to, entry);
  else copyEntry(to, entry);
}

/** copyPoint that keeps the identity all zero. */
export function copyEntry(to: usize, entry: u32): void {
  if (isIdentity(entry & ~7)) setIdentity(to);
  else copyPoint(to, entry);
}
