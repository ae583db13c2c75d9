import { PAIR } from "../codegen/backend.ts";
import type { FieldMemory } from "./field-memory.ts";

/** Pairs raised together: sixteen tables of them stay in the first-level caches. */
const BLOCK = 32;

/** dst[i] = src[i]^e by windows of four bits, a block of the vector at a time. */
export function powerElementwise(
  memory: FieldMemory,
  dst: number,
  src: number,
  pairs: number,
  e: bigint,
): void {
  const digits = Array.from(e.toString(16), (digit) => Number.parseInt(digit, 16));
  memory.scratch(() => {
    const table = memory.task.alloc(PAIR * BLOCK * 16);
    const ones = memory.encodePair(1n, 1n);
    const target = memory.bytes();
    for (let i = 0; i < BLOCK; i++) target.set(ones, table + PAIR * i);
    for (let start = 0; start < pairs; start += BLOCK) {
      const at = PAIR * start;
      powerBlock(memory, dst + at, src + at, Math.min(BLOCK, pairs - start), digits, table);
    }
  });
}

/** table[k] holds the k-th powers; table[0] is filled with ones. */
function powerBlock(
  memory: FieldMemory,
  dst: number,
  src: number,
  pairs: number,
  digits: readonly number[],
  table: number,
): void {
  const { kernels } = memory;
  const power = (k: number): number => table + PAIR * BLOCK * k;
  memory.copyBytes(power(1), src, PAIR * pairs);
  for (let k = 2; k < 16; k++) kernels.mul(power(k), power(k - 1), power(1), pairs);
  memory.copyBytes(dst, power(digits[0]!), PAIR * pairs);
  for (const digit of digits.slice(1)) {
    for (let k = 0; k < 4; k++) kernels.sqr(dst, dst, pairs);
    if (digit !== 0) kernels.mul(dst, dst, power(digit), pairs);
  }
}
