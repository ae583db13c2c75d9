import type { Pair } from "./backend.ts";
import type { ConstantPool } from "./constants.ts";
import { type Code, type Local, type Value, i32 } from "./emitter.ts";
import { doubleBits, range, unsignedLimbs } from "./integers.ts";

// Between five signed 51-bit limbs (doubles) and 256-bit little-endian integers.

const MASK = (1n << 51n) - 1n;
const ROUND_LOW = 3 * 2 ** 51;
const LOW_BIAS = doubleBits(ROUND_LOW);
/** Keeps a column positive while it is cut: its true value is within ±2^61. */
const BIAS = 1n << 61n;
const TWO_52 = doubleBits(2 ** 52);

const unsigned = (x: bigint): bigint => BigInt.asUintN(64, x);
const constant = (code: Code, pool: ConstantPool, x: bigint): Local => pool.load(code, unsigned(x));

/** Digits in [0, 2^51) of signed 64-bit columns; the top one keeps the sign. */
function ripple(code: Code, pool: ConstantPool, columns: readonly Value[]): Local[] {
  const digits: Local[] = [];
  let carry: Local | undefined;
  columns.forEach((column, j) => {
    const last = j === columns.length - 1;
    const bias = (last ? 0n : BIAS) - (carry === undefined ? 0n : BIAS >> 51n);
    let z = code.op("i64x2.add", column, constant(code, pool, bias));
    if (carry !== undefined) z = code.op("i64x2.add", z, carry);
    carry = code.op("i64x2.shr_u", z, i32(51));
    digits.push(last ? z : code.op("v128.and", z, constant(code, pool, MASK)));
  });
  return digits;
}

/** Limbs as signed 64-bit integers, plus `offset`. */
const toIntegers = (code: Code, pool: ConstantPool, x: Pair, offset: bigint): Local[] =>
  x.map((limb) => {
    const bits = code.op("f64x2.add", limb, constant(code, pool, doubleBits(ROUND_LOW)));
    return code.op("i64x2.add", bits, constant(code, pool, offset - LOW_BIAS));
  });

/** Digits in [0, 2^52) as doubles, minus `offset`. */
const toDoubles = (code: Code, pool: ConstantPool, digits: Local[], offset: number): Local[] =>
  digits.map((digit) => {
    const bits = code.op("v128.or", digit, constant(code, pool, TWO_52));
    return code.op("f64x2.sub", bits, constant(code, pool, doubleBits(2 ** 52 + offset)));
  });

function storeWords(code: Code, a: Value, b: Value, offset: number, digits: Local[]): void {
  const left = (i: number, n: number): Local => code.op("i64x2.shl", digits[i]!, i32(n));
  const right = (i: number, n: number): Local => code.op("i64x2.shr_u", digits[i]!, i32(n));
  const words = [
    code.op("v128.or", digits[0]!, left(1, 51)),
    code.op("v128.or", right(1, 13), left(2, 38)),
    code.op("v128.or", right(2, 26), left(3, 25)),
    code.op("v128.or", right(3, 39), left(4, 12)),
  ];
  words.forEach((word, i) => {
    code.storeLane(word, 0, a, offset + 8 * i);
    code.storeLane(word, 1, b, offset + 8 * i);
  });
}

/** Five digits of a 256-bit integer; the top one has 52 bits. */
function loadDigits(code: Code, pool: ConstantPool, a: Value, b: Value, offset: number): Local[] {
  const w = range(4).map((i) =>
    code.loadLane(code.load("v128.load64_zero", a, offset + 8 * i), 1, b, offset + 8 * i),
  );
  const join = (i: number, right: number): Local => {
    const low = code.op("i64x2.shr_u", w[i]!, i32(right));
    const high = code.op("i64x2.shl", w[i + 1]!, i32(64 - right));
    return code.op("v128.or", low, high);
  };
  const mask = (x: Local): Local => code.op("v128.and", x, constant(code, pool, MASK));
  return [
    mask(w[0]!),
    mask(join(0, 51)),
    mask(join(1, 38)),
    mask(join(2, 25)),
    code.op("i64x2.shr_u", w[3]!, i32(12)),
  ];
}

export const loadPacked = (
  code: Code,
  pool: ConstantPool,
  a: Value,
  b: Value,
  offset: number,
): Pair => toDoubles(code, pool, loadDigits(code, pool, a, b, offset), 2 ** 50);

export function storePacked(
  code: Code,
  pool: ConstantPool,
  a: Value,
  b: Value,
  offset: number,
  x: Pair,
): void {
  storeWords(code, a, b, offset, ripple(code, pool, toIntegers(code, pool, x, 1n << 50n)));
}

export function storeCanonical(
  code: Code,
  pool: ConstantPool,
  p: bigint,
  a: Value,
  b: Value,
  x: Pair,
): void {
  const digits = ripple(code, pool, toIntegers(code, pool, x, 0n));
  const negative = code.op("i64x2.gt_s", pool.load(code, 0n), digits[4]!);
  const positive = unsignedLimbs(p, 51, 5).map((limb, j) => {
    const addend = code.op("v128.and", constant(code, pool, limb), negative);
    return code.op("i64x2.add", digits[j]!, addend);
  });
  storeWords(code, a, b, 0, ripple(code, pool, positive));
}

export function loadIntegers(
  code: Code,
  pool: ConstantPool,
  p: bigint,
  a: Value,
  b: Value,
): readonly [Pair, Local] {
  const digits = loadDigits(code, pool, a, b, 0);
  const difference = unsignedLimbs(p, 51, 5).map((limb, j) =>
    code.op("i64x2.sub", digits[j]!, constant(code, pool, limb)),
  );
  const below = code.op("i64x2.bitmask", ripple(code, pool, difference)[4]!);
  return [toDoubles(code, pool, digits, 0), code.op("i32.xor", below, i32(3))];
}
