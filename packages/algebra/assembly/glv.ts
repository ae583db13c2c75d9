// k = k1 + k2·λ mod r with |k1|, |k2| < 2^127 (Gallant, Lambert, Vanstone, CRYPTO 2001): rounding
// (k, 0) to a nearby vector of the lattice {(a, b): a + b·λ ≡ 0 mod r}, basis (a1, b1), (a2, b2).
//
// Constants at GLV: g1, g2 ≈ 2^254·|b2|/r, 2^254·|b1|/r; then −s1·a1, −s2·a2, −s1·b1, −s2·b2 modulo
// 2^128, s1, s2 being the signs of the two rounded coefficients. src/codegen/glv.ts derives them for
// both curves and proves the bound.

import { GLV } from "./constants";
import { constants } from "./kernel";
import { carryOf, mulHigh } from "./words";

/** Bytes of a split scalar: k1, k2 as two's complement of 128 bits. */
export const SPLIT: usize = 32;

/** Splits the canonical scalar of four words at `k`. */
export function split(to: usize, k: usize): void {
  const g = constants() + GLV;
  const k0 = load<u64>(k);
  const k1 = load<u64>(k, 8);
  // ⌊k/2^62⌋, 192 bits
  const t0 = (k0 >> 62) | (k1 << 2);
  const t1 = (k1 >> 62) | (load<u64>(k, 16) << 2);
  const t2 = (load<u64>(k, 16) >> 62) | (load<u64>(k, 24) << 2);
  store<u64>(to, k0);
  store<u64>(to, k1, 8);
  store<u64>(to, 0, 16);
  store<u64>(to, 0, 24);
  subtractMultiple(to, t0, t1, t2, g, g + 32, g + 64);
  subtractMultiple(to, t0, t1, t2, g + 16, g + 48, g + 80);
}

/** c = round(t·g/2^192); first half of `to` += c·a, second += c·b, modulo 2^128. */
function subtractMultiple(
  to: usize,
  t0: u64,
  t1: u64,
  t2: u64,
  g: usize,
  a: usize,
  b: usize,
): void {
  const g0 = load<u64>(g);
  const g1 = load<u64>(g, 8);
  // word 2 of the product (what is left out below is less than 3 of its units), + ½
  let carry: u64 = 0;
  let x = t2 * g0;
  let y = mulHigh(t1, g0);
  x += y;
  carry += carryOf(x, y);
  y = t1 * g1;
  x += y;
  carry += carryOf(x, y);
  y = mulHigh(t0, g1);
  x += y;
  carry += carryOf(x, y);
  carry += x >> 63;
  // words 3 and 4
  let c0 = carry;
  carry = 0;
  y = mulHigh(t2, g0);
  c0 += y;
  carry += carryOf(c0, y);
  y = t2 * g1;
  c0 += y;
  carry += carryOf(c0, y);
  y = mulHigh(t1, g1);
  c0 += y;
  carry += carryOf(c0, y);
  const c1 = mulHigh(t2, g1) + carry;
  addProduct(to, c0, c1, a);
  addProduct(to + 16, c0, c1, b);
}

/** 128 bits at `to` += (c1, c0)·(128 bits at `factor`) */
function addProduct(to: usize, c0: u64, c1: u64, factor: usize): void {
  const f0 = load<u64>(factor);
  const f1 = load<u64>(factor, 8);
  const low = c0 * f0;
  const high = mulHigh(c0, f0) + c0 * f1 + c1 * f0;
  const sum = load<u64>(to) + low;
  store<u64>(to, sum);
  store<u64>(to, load<u64>(to, 8) + high + carryOf(sum, low), 8);
}
