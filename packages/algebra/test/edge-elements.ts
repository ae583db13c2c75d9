import type { PrimeField } from "../src/index.ts";

/** Montgomery radices of the backends: elements are made whose stored limbs are at their limits. */
const RADICES = [1n << 255n, 1n << 261n];
const WIDTHS = [51, 29];

/** xorshift64*, so that a failing run can be repeated. */
export function seededBits(seed: bigint): () => bigint {
  let state = BigInt.asUintN(64, seed) || 1n;
  return () => {
    state ^= state >> 12n;
    state = BigInt.asUintN(64, state ^ (state << 25n));
    state ^= state >> 27n;
    return BigInt.asUintN(64, state * 0x2545f4914f6cdd1dn);
  };
}

export function randomElement(field: PrimeField, bits: () => bigint): bigint {
  let x = 0n;
  for (let i = 0; i < 6; i++) x = (x << 64n) | bits();
  return field.reduce(x);
}

/** 0, ±1, halves, and values whose Montgomery limbs are all ones, at ±half, or one beside a carry. */
export function edgeElements(field: PrimeField): bigint[] {
  const p = field.modulus;
  const plain = [0n, 1n, 2n, p - 1n, p - 2n, (p - 1n) / 2n, (p + 1n) / 2n, (1n << 253n) - 1n];
  const stored = RADICES.flatMap((R, k) => {
    const inverse = field.inv(R);
    return limbPatterns(WIDTHS[k]!).map((x) => field.mul(x, inverse));
  });
  return [...plain, ...stored];
}

function limbPatterns(width: number): bigint[] {
  const limbs = Math.ceil(254 / width);
  const every = (digit: bigint): bigint =>
    Array.from({ length: limbs }, (_, i) => digit << BigInt(width * i)).reduce((x, y) => x + y);
  const half = 1n << BigInt(width - 1);
  const boundaries = Array.from({ length: limbs - 1 }, (_, i) => 1n << BigInt(width * (i + 1)));
  return [
    ...[half - 1n, half, half + 1n, 2n * half - 1n, -half, 1n - half].map(every),
    ...boundaries.flatMap((x) => [x - 1n, x, x / 2n, x / 2n - 1n, -x, -x / 2n]),
  ];
}

/** Edge elements and random ones, mixed. */
export function drawElements(field: PrimeField, n: number, seed: bigint): bigint[] {
  const bits = seededBits(seed * 0x9e3779b97f4a7c15n + 1n);
  const edges = edgeElements(field);
  return Array.from({ length: n }, () =>
    bits() % 3n === 0n ? edges[Number(bits() % BigInt(edges.length))]! : randomElement(field, bits),
  );
}
