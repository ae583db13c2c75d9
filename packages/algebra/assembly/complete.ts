// Complete projective addition on y² = x³ + b (Renes, Costello, Batina, EUROCRYPT 2016, algorithm 7):
// right for every pair of points of a prime-order curve, doublings and the identity (0 : 1 : 0)
// included. Slow; used for exceptional additions and for the last combination.

import { invert, INVERT_SCRATCH } from "./inverse";
import {
  contractPoint,
  ELEMENT,
  expandPoint,
  feAdd,
  feIsZero,
  feMul,
  feMul3b,
  feOne,
  feSub,
  POINT,
} from "./kernel";

/** Bytes of a projective point: X, Y, Z as elements. */
export const PROJECTIVE: usize = 3 * ELEMENT;

// the area at Plan.elements
const TEMPORARIES: usize = 0;
const INVERSE: usize = 8 * ELEMENT;
const LEFT: usize = 9 * ELEMENT;
const RIGHT: usize = LEFT + PROJECTIVE;
const INVERT_AREA: usize = RIGHT + PROJECTIVE;
/** Bytes at Plan.elements. */
export const ELEMENTS_BYTES: usize = INVERT_AREA + INVERT_SCRATCH;

/** The identity as a working point. */
export function setIdentity(point: usize): void {
  memory.fill(point, 0, POINT);
}

export function isIdentity(point: usize): bool {
  let any: u64 = 0;
  for (let k: usize = 0; k < POINT; k += 8) any |= load<u64>(point + k);
  return any == 0;
}

/** (0 : 1 : 0) */
export function setProjectiveIdentity(to: usize): void {
  memory.fill(to, 0, PROJECTIVE);
  feOne(to + ELEMENT);
}

export function projectiveOf(to: usize, point: usize): void {
  if (isIdentity(point)) {
    setProjectiveIdentity(to);
    return;
  }
  expandPoint(to, point);
  feOne(to + 2 * ELEMENT);
}

/** Working point of a projective one, which is overwritten. */
export function affineOf(to: usize, from: usize, elements: usize): void {
  const inverse = elements + INVERSE;
  if (!invert(inverse, from + 2 * ELEMENT, elements + INVERT_AREA)) {
    setIdentity(to);
    return;
  }
  feMul(from, from, inverse);
  feMul(from + ELEMENT, from + ELEMENT, inverse);
  contractPoint(to, from);
}

/** to ← left + right for working points; `to` may be either. */
export function addExactly(to: usize, left: usize, right: usize, elements: usize): void {
  const l = elements + LEFT;
  const r = elements + RIGHT;
  projectiveOf(l, left);
  projectiveOf(r, right);
  addProjective(l, l, r, elements);
  affineOf(to, l, elements);
}

/** Whether two working points, neither the identity, have the same x. */
export function sameX(left: usize, right: usize, elements: usize): bool {
  const l = elements + LEFT;
  const r = elements + RIGHT;
  expandPoint(l, left);
  expandPoint(r, right);
  feSub(l, l, r);
  return feIsZero(l);
}

/** Σ 2^e·sums[e] as a working point, e < count; sums[e] = 0 for none. */
export function weighedSum(to: usize, sums: usize, count: i32, elements: usize): void {
  const total = elements + LEFT;
  const term = elements + RIGHT;
  setProjectiveIdentity(total);
  for (let e = count - 1; e >= 0; e--) {
    addProjective(total, total, total, elements);
    const point = load<u32>(sums + (usize(e) << 2));
    if (point == 0) continue;
    projectiveOf(term, point);
    addProjective(total, total, term, elements);
  }
  affineOf(to, total, elements);
}

/** to ← p + q; `to` may be either. */
export function addProjective(to: usize, p: usize, q: usize, elements: usize): void {
  const y = ELEMENT;
  const z: usize = 2 * ELEMENT;
  const t0 = elements + TEMPORARIES;
  const t1 = t0 + ELEMENT;
  const t2 = t1 + ELEMENT;
  const t3 = t2 + ELEMENT;
  const t4 = t3 + ELEMENT;
  const x3 = t4 + ELEMENT;
  const y3 = x3 + ELEMENT;
  const z3 = y3 + ELEMENT;
  feMul(t0, p, q);
  feMul(t1, p + y, q + y);
  feMul(t2, p + z, q + z);
  crossTerm(t3, p, p + y, q, q + y, t0, t1, x3); // X1·Y2 + X2·Y1
  crossTerm(t4, p + y, p + z, q + y, q + z, t1, t2, x3); // Y1·Z2 + Y2·Z1
  crossTerm(y3, p, p + z, q, q + z, t0, t2, x3); // X1·Z2 + X2·Z1
  feAdd(x3, t0, t0);
  feAdd(t0, x3, t0);
  feMul3b(t2, t2);
  feAdd(z3, t1, t2);
  feSub(t1, t1, t2);
  feMul3b(y3, y3);
  feMul(x3, t4, y3);
  feMul(t2, t3, t1);
  feSub(to, t2, x3);
  feMul(y3, y3, t0);
  feMul(t1, t1, z3);
  feAdd(to + y, t1, y3);
  feMul(t0, t0, t3);
  feMul(z3, z3, t4);
  feAdd(to + z, z3, t0);
}

/** to ← (a1 + b1)(a2 + b2) − aa − bb */
function crossTerm(
  to: usize,
  a1: usize,
  b1: usize,
  a2: usize,
  b2: usize,
  aa: usize,
  bb: usize,
  temporary: usize,
): void {
  feAdd(to, a1, b1);
  feAdd(temporary, a2, b2);
  feMul(to, to, temporary);
  feAdd(temporary, aa, bb);
  feSub(to, to, temporary);
}
