// Modular inversion by the binary GCD with 30 inner steps per outer one (T. Pornin, "Optimized Binary
// GCD for Modular Inversion", eprint 2020/972), variable time. Nine signed 30-bit limbs in i64.

import { MODULUS, MODULUS_NEG_INVERSE } from "./constants";
import { constants, feFromInverseResidue, feToResidue } from "./kernel";

const LIMBS: usize = 9;
const BYTES: usize = LIMBS * 8;
const M30: i64 = (1 << 30) - 1;
const STEPS: i32 = 30;
/** ⌈(2·256 − 1)/30⌉ = 18 rounds suffice (the paper's bound); more mean a broken kernel. */
const MAX_ROUNDS: i32 = 20;

/** Bytes of scratch `invert` needs: a, b, u, v, then words. */
export const INVERT_SCRATCH: usize = 4 * BYTES + 32;

/** to ← 1/x; false, with `to` untouched, when x = 0. `to` may be x. */
export function invert(to: usize, x: usize, scratch: usize): bool {
  const a = scratch;
  const words = scratch + 4 * BYTES;
  feToResidue(words, x);
  if ((load<u64>(words) | load<u64>(words, 8) | load<u64>(words, 16) | load<u64>(words, 24)) == 0) {
    return false;
  }
  const modulus = constants() + MODULUS;
  limbsFromWords(a, words);
  euclid(a, modulus);
  const v = a + 3 * BYTES;
  canonicalise(v, modulus);
  wordsFromLimbs(words, v);
  feFromInverseResidue(to, words);
  return true;
}

function limbsFromWords(limbs: usize, words: usize): void {
  const w0 = load<u64>(words);
  const w1 = load<u64>(words, 8);
  const w2 = load<u64>(words, 16);
  const w3 = load<u64>(words, 24);
  const m = <u64>M30;
  store<u64>(limbs, w0 & m);
  store<u64>(limbs, (w0 >> 30) & m, 8);
  store<u64>(limbs, ((w0 >> 60) | (w1 << 4)) & m, 16);
  store<u64>(limbs, (w1 >> 26) & m, 24);
  store<u64>(limbs, ((w1 >> 56) | (w2 << 8)) & m, 32);
  store<u64>(limbs, (w2 >> 22) & m, 40);
  store<u64>(limbs, ((w2 >> 52) | (w3 << 12)) & m, 48);
  store<u64>(limbs, (w3 >> 18) & m, 56);
  store<u64>(limbs, w3 >> 48, 64);
}

function wordsFromLimbs(words: usize, limbs: usize): void {
  const l2 = load<u64>(limbs, 16);
  const l4 = load<u64>(limbs, 32);
  const l6 = load<u64>(limbs, 48);
  store<u64>(words, load<u64>(limbs) | (load<u64>(limbs, 8) << 30) | (l2 << 60));
  store<u64>(words, (l2 >> 4) | (load<u64>(limbs, 24) << 26) | (l4 << 56), 8);
  store<u64>(words, (l4 >> 8) | (load<u64>(limbs, 40) << 22) | (l6 << 52), 16);
  store<u64>(words, (l6 >> 12) | (load<u64>(limbs, 56) << 18) | (load<u64>(limbs, 64) << 48), 24);
}

/** v mod m in [0, m); |v| < 20·m, most often within ±2·m. */
function canonicalise(v: usize, modulus: usize): void {
  while (load<i64>(v, BYTES - 8) < 0) addMultiple(v, modulus, 1);
  while (!isBelow(v, modulus)) addMultiple(v, modulus, -1);
}

/** v += sign·m */
function addMultiple(v: usize, modulus: usize, sign: i64): void {
  let carry: i64 = 0;
  for (let k: usize = 0; k < BYTES; k += 8) {
    carry += load<i64>(v + k) + sign * load<i64>(modulus + k);
    store<i64>(v + k, k < BYTES - 8 ? carry & M30 : carry);
    carry >>= 30;
  }
}

/** v < m for v ≥ 0. */
function isBelow(v: usize, modulus: usize): bool {
  for (let k: usize = BYTES; k > 0; k -= 8) {
    const x = load<i64>(v + k - 8);
    const m = load<i64>(modulus + k - 8);
    if (x != m) return x < m;
  }
  return false;
}

/** Invariant: a ≡ u·x, b ≡ v·x (mod m). Ends with a = 0, b = 1, so v = 1/x. */
function euclid(a: usize, modulus: usize): void {
  const b = a + BYTES;
  const u = b + BYTES;
  const v = u + BYTES;
  memory.copy(b, modulus, BYTES);
  memory.fill(u, 0, 2 * BYTES);
  store<i64>(u, 1);
  for (let round = 0; !isZero(a); round++) {
    if (round == MAX_ROUNDS) unreachable();
    step(a, b, u, v, modulus);
  }
}

function isZero(limbs: usize): bool {
  let any: i64 = 0;
  for (let k: usize = 0; k < BYTES; k += 8) any |= load<i64>(limbs + k);
  return any == 0;
}

/** Low 30 bits of the limbs below, the 32 leading bits (aligned to the longer of a, b) above. */
function approximate(limbs: usize, top: usize, length: i64): i64 {
  const low = load<i64>(limbs);
  if (top < 16) return low | (load<i64>(limbs, 8) << 30);
  let high = (load<i64>(limbs + top) << 30) | load<i64>(limbs + top - 8);
  if (length >= 2) high >>= length - 2;
  else high = (high << (2 - length)) | (load<i64>(limbs + top - 16) >> (28 + length));
  return (low & M30) | (high << 30);
}

function step(a: usize, b: usize, u: usize, v: usize, modulus: usize): void {
  let top: usize = BYTES - 8;
  while (top > 0 && (load<i64>(a + top) | load<i64>(b + top)) == 0) top -= 8;
  const length: i64 = 64 - clz(load<i64>(a + top) | load<i64>(b + top));
  let xa = approximate(a, top, length);
  let xb = approximate(b, top, length);
  let f0: i64 = 1;
  let g0: i64 = 0;
  let f1: i64 = 0;
  let g1: i64 = 1;
  for (let i = 0; i < STEPS; i++) {
    const odd = -(xa & 1);
    const swap = odd & ((xa - xb) >> 63);
    let t = (xa ^ xb) & swap;
    xa ^= t;
    xb ^= t;
    t = (f0 ^ f1) & swap;
    f0 ^= t;
    f1 ^= t;
    t = (g0 ^ g1) & swap;
    g0 ^= t;
    g1 ^= t;
    xa = (xa - (xb & odd)) >> 1;
    f0 -= f1 & odd;
    g0 -= g1 & odd;
    f1 <<= 1;
    g1 <<= 1;
  }
  const signs = combine(a, b, f0, g0, f1, g1);
  if (signs & 1) {
    negate(a);
    f0 = -f0;
    g0 = -g0;
  }
  if (signs & 2) {
    negate(b);
    f1 = -f1;
    g1 = -g1;
  }
  combineModular(u, v, f0, g0, f1, g1, modulus);
}

/** (a, b) ← (a·f0 + b·g0, a·f1 + b·g1)/2^30, exact. Bit 0 / 1 of the result: a / b is negative. */
function combine(a: usize, b: usize, f0: i64, g0: i64, f1: i64, g1: i64): i32 {
  let ca = (load<i64>(a) * f0 + load<i64>(b) * g0) >> 30;
  let cb = (load<i64>(a) * f1 + load<i64>(b) * g1) >> 30;
  for (let k: usize = 8; k < BYTES; k += 8) {
    const x = load<i64>(a + k);
    const y = load<i64>(b + k);
    ca += x * f0 + y * g0;
    cb += x * f1 + y * g1;
    store<i64>(a + k - 8, ca & M30);
    store<i64>(b + k - 8, cb & M30);
    ca >>= 30;
    cb >>= 30;
  }
  store<i64>(a + BYTES - 8, ca);
  store<i64>(b + BYTES - 8, cb);
  return i32(ca < 0) | (i32(cb < 0) << 1);
}

function negate(limbs: usize): void {
  let carry: i64 = 0;
  for (let k: usize = 0; k < BYTES; k += 8) {
    carry -= load<i64>(limbs + k);
    store<i64>(limbs + k, k < BYTES - 8 ? carry & M30 : carry);
    carry >>= 30;
  }
}

/** (u, v) ← (u·f0 + v·g0, u·f1 + v·g1)/2^30 mod m, each a Montgomery step. |f|+|g| ≤ 2^30, so a round adds at most m to |u|, |v|. */
function combineModular(u: usize, v: usize, f0: i64, g0: i64, f1: i64, g1: i64, m: usize): void {
  const negInverse = load<i64>(m, MODULUS_NEG_INVERSE - MODULUS);
  const m0 = load<i64>(m);
  let cu = load<i64>(u) * f0 + load<i64>(v) * g0;
  let cv = load<i64>(u) * f1 + load<i64>(v) * g1;
  const mu = ((cu & M30) * negInverse) & M30;
  const mv = ((cv & M30) * negInverse) & M30;
  cu = (cu + mu * m0) >> 30;
  cv = (cv + mv * m0) >> 30;
  for (let k: usize = 8; k < BYTES; k += 8) {
    const x = load<i64>(u + k);
    const y = load<i64>(v + k);
    const mk = load<i64>(m + k);
    cu += x * f0 + y * g0 + mu * mk;
    cv += x * f1 + y * g1 + mv * mk;
    store<i64>(u + k - 8, cu & M30);
    store<i64>(v + k - 8, cv & M30);
    cu >>= 30;
    cv >>= 30;
  }
  store<i64>(u + BYTES - 8, cu);
  store<i64>(v + BYTES - 8, cv);
}
