import { type Code, type Local, type Value, i32, i64 } from "./emitter.ts";
import { INT29_LIMBS, INT29_WIDTH } from "./int29-multiply.ts";
import { fromLimbs, range, unsignedLimbs } from "./integers.ts";

// Between nine signed 29-bit limbs and 256-bit little-endian integers.

const MASK = (1n << 29n) - 1n;
const SHIFT = i64(29n);

/** Added to a limb when an element is packed, so that all digits are non-negative. */
const OFFSETS: readonly bigint[] = range(INT29_LIMBS).map((j) =>
  j === INT29_LIMBS - 1 ? 1n << 23n : 1n << 28n,
);
export const PACK_OFFSET: bigint = fromLimbs(OFFSETS, INT29_WIDTH);

/** Digits in [0, 2^29) of signed columns; the top one keeps the sign. */
function ripple(code: Code, columns: readonly Value[]): Local[] {
  const digits: Local[] = [];
  let carry: Value = i64(0n);
  columns.forEach((column, j) => {
    const z = code.op("i64.add", column, carry);
    carry = code.op("i64.shr_s", z, SHIFT);
    digits.push(j === INT29_LIMBS - 1 ? z : code.op("i64.and", z, i64(MASK)));
  });
  return digits;
}

function storeWords(code: Code, address: Value, offset: number, digits: readonly Local[]): void {
  for (const word of range(4)) {
    const parts = digits.flatMap((digit, j) => {
      const at = 29 * j - 64 * word;
      if (at >= 64 || at <= -29) return [];
      return [code.op(at >= 0 ? "i64.shl" : "i64.shr_u", digit, i64(BigInt(Math.abs(at))))];
    });
    const value = parts.reduce((x, y) => code.op("i64.or", x, y));
    code.store("i64.store", address, offset + 8 * word, value);
  }
}

/** Nine digits of a 256-bit integer; the top one has 24 bits. */
function loadDigits(code: Code, address: Value, offset: number): Local[] {
  const words = range(4).map((i) => code.load("i64.load", address, offset + 8 * i));
  return range(INT29_LIMBS).map((j) => {
    const [word, at] = [Math.floor((29 * j) / 64), (29 * j) % 64];
    let digit = code.op("i64.shr_u", words[word]!, i64(BigInt(at)));
    if (at + 29 > 64 && word < 3) {
      const high = code.op("i64.shl", words[word + 1]!, i64(BigInt(64 - at)));
      digit = code.op("i64.or", digit, high);
    }
    return code.op("i64.and", digit, i64(MASK));
  });
}

export const loadPacked29 = (code: Code, address: Value, offset: number): Local[] =>
  loadDigits(code, address, offset).map((digit, j) => code.op("i64.sub", digit, i64(OFFSETS[j]!)));

export function storePacked29(
  code: Code,
  address: Value,
  offset: number,
  x: readonly Value[],
): void {
  const shifted = x.map((limb, j) => code.op("i64.add", limb, i64(OFFSETS[j]!)));
  storeWords(code, address, offset, ripple(code, shifted));
}

export function storeCanonical29(code: Code, p: bigint, address: Value, x: readonly Value[]): void {
  const digits = ripple(code, x);
  const negative = code.op("i64.shr_s", digits[8]!, i64(63n));
  const positive = unsignedLimbs(p, INT29_WIDTH, INT29_LIMBS).map((limb, j) =>
    code.op("i64.add", digits[j]!, code.op("i64.and", negative, i64(limb))),
  );
  storeWords(code, address, 0, ripple(code, positive));
}

export function loadIntegers29(
  code: Code,
  p: bigint,
  address: Value,
): readonly [Local[], bad: Local] {
  const digits = loadDigits(code, address, 0);
  const difference = unsignedLimbs(p, INT29_WIDTH, INT29_LIMBS).map((limb, j) =>
    code.op("i64.sub", digits[j]!, i64(limb)),
  );
  const top = ripple(code, difference)[8]!;
  const below = code.op("i32.wrap_i64", code.op("i64.shr_u", top, i64(63n)));
  return [digits, code.op("i32.xor", below, i32(1))];
}
