import { type Curve, type Point, type PrimeField, pointsToBytes } from "../src/index.ts";
import { endomorphism } from "../src/codegen/glv.ts";
import { randomElement, seededBits } from "./edge-elements.ts";

// Bases whose discrete logarithms are known, so that what a commitment should be costs one
// multiplication, however many bases there are.

/** logs[i]·generator; the last one is the blinding base. */
export interface KnownBases {
  readonly curve: Curve;
  readonly logs: readonly bigint[];
  readonly points: readonly Point[];
}

export function generatorOf(curve: Curve): Point {
  for (let x = 1n; ; x++) {
    const y = curve.base.sqrt(curve.base.reduce(x * x * x + curve.b));
    if (y !== null) return [x, y];
  }
}

export function basesOf(curve: Curve, logs: readonly bigint[]): KnownBases {
  const known = new Map<bigint, Point>();
  const points = logs.map((log) => {
    const point = known.get(log) ?? curve.mul(log, generatorOf(curve))!;
    known.set(log, point);
    return point;
  });
  return { curve, logs: logs.map((log) => curve.scalar.reduce(log)), points };
}

/** start + i·step by successive additions. */
export function progression(curve: Curve, n: number, seed: bigint): KnownBases {
  const bits = seededBits(seed);
  const [start, step] = [randomElement(curve.scalar, bits), randomElement(curve.scalar, bits)];
  const difference = curve.mul(step, generatorOf(curve));
  const points: Point[] = [curve.mul(start, generatorOf(curve))!];
  while (points.length < n) points.push(curve.add(points.at(-1)!, difference)!);
  return {
    curve,
    logs: points.map((_, i) => curve.scalar.reduce(start + BigInt(i) * step)),
    points,
  };
}

export const encode = ({ points }: KnownBases): [bases: Uint8Array, blinding: Point] => [
  pointsToBytes(points.slice(0, -1)),
  points.at(-1)!,
];

export function expected(
  { curve, logs }: KnownBases,
  scalars: readonly bigint[],
  blind: bigint,
): Point | null {
  const sum = scalars.reduce((acc, k, i) => acc + k * logs[i]!, blind * logs.at(-1)!);
  return curve.mul(sum, generatorOf(curve));
}

/** Bases with relations that honest keys do not have: sums in the trees meet P + P and P − P. */
export function relatedBases(curve: Curve, n: number): Readonly<Record<string, KnownBases>> {
  const { lambda } = endomorphism(curve);
  const index = Array.from({ length: n + 1 }, (_, i) => BigInt(i));
  const logs = (log: (i: bigint) => bigint): KnownBases => basesOf(curve, index.map(log));
  return {
    unrelated: progression(curve, n + 1, 7n),
    "all the same": logs(() => 5n),
    "P and −P in turn": logs((i) => (i % 2n === 0n ? 5n : -5n)),
    "small multiples": logs((i) => i + 1n),
    "powers of two": logs((i) => 1n << (16n * (i % 8n) + i / 8n)),
    "images of each other": logs((i) => [1n, lambda, lambda * lambda, -lambda][Number(i % 4n)]!),
  };
}

const repeat = (n: number, k: (i: number) => bigint): bigint[] =>
  Array.from({ length: n }, (_, i) => k(i));

/** Scalars at the limits of the halves, the windows and the shortcuts. */
export function edgeScalars(curve: Curve, n: number): Readonly<Record<string, bigint[]>> {
  const F: PrimeField = curve.scalar;
  const bits = seededBits(11n);
  const { lambda } = endomorphism(curve);
  const one = randomElement(F, bits);
  const power = (i: number, step: number): bigint => 1n << BigInt((i * step) % 253);
  const limits = [61n, 62n, 63n, 64n, 125n, 126n, 127n, 128n, 190n, 253n].flatMap((k) =>
    [-1n, 0n, 1n].map((d) => (1n << k) + d),
  );
  return {
    "all zero": repeat(n, () => 0n),
    "all one": repeat(n, () => 1n),
    "all equal": repeat(n, () => one),
    "one bucket": repeat(n, () => 5n),
    "all −1": repeat(n, () => F.modulus - 1n),
    "powers of two": repeat(n, (i) => power(i, 7)),
    "2^k − 1": repeat(n, (i) => power(i, 7) - 1n),
    "2^k + 1": repeat(n, (i) => F.reduce(power(i, 7) + 1n)),
    "limits of shortcuts": repeat(n, (i) => F.reduce(limits[i % limits.length]!)),
    "small multiples of λ": repeat(n, (i) => F.reduce(BigInt(i % 5) * lambda)),
    "k and −k in turn": repeat(n, (i) => (i % 2 === 0 ? one : F.modulus - one)),
    "λ·k and k in turn": repeat(n, (i) => (i % 2 === 0 ? F.mul(lambda, 3n) : 3n)),
    "like a witness": repeat(n, (i) => [0n, 1n, 1n, 0n, 200n, 70_000n, one][i % 7]!),
    random: repeat(n, () => randomElement(F, bits)),
  };
}
