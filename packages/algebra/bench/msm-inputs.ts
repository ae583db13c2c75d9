import {
  type Curve,
  type Engine,
  type Point,
  type PrimeField,
  type Vec,
  type VectorField,
  elementsToBytes,
  pointsToBytes,
} from "../src/index.ts";
import { generatorOf } from "../test/msm-cases.ts";

// Inputs of the benchmarks: bases with known discrete logarithms but no short relations, nor relations
// by powers of two as tables have (chains of triplings of random multiples), and two kinds of scalars.

export interface BenchBases {
  readonly curve: Curve;
  /** x ‖ y, 64 bytes each. */
  readonly bytes: Uint8Array;
  readonly logs: readonly bigint[];
}

export type ScalarKind = "random" | "circom-like";

const CHAINS = 512;

/** xorshift32 in [0, 2^32), the same in every run. */
function random32(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

export function drawScalars(field: PrimeField, n: number, kind: ScalarKind): bigint[] {
  const draw = random32(0x9e3779b9);
  const full = (): bigint => {
    let x = 0n;
    for (let i = 0; i < 9; i++) x = (x << 32n) | BigInt(draw());
    return field.reduce(x);
  };
  // of a circuit's witness: 45 % zeros, 35 % ones, 5 % bytes, 5 % words, 10 % field elements
  const witness = (): bigint => {
    const share = draw() % 100;
    if (share < 45) return 0n;
    if (share < 80) return 1n;
    if (share < 85) return BigInt(draw() & 255);
    return share < 90 ? BigInt(draw()) : full();
  };
  return Array.from({ length: n }, kind === "random" ? full : witness);
}

export async function makeBases(engine: Engine, curve: Curve, n: number): Promise<BenchBases> {
  const F = engine[curve.base.name];
  const starts = drawScalars(curve.scalar, Math.min(CHAINS, n), "random");
  const points = starts.map((k) => curve.mul(k, generatorOf(curve))!);
  const bytes = new Uint8Array(64 * n);
  const logs: bigint[] = [];
  let current: readonly Point[] = points;
  for (let done = 0; done < n; done += starts.length) {
    bytes.set(pointsToBytes(current.slice(0, n - done)), 64 * done);
    const factor = curve.scalar.pow(3n, BigInt(done / starts.length));
    for (const k of starts.slice(0, n - done)) logs.push(curve.scalar.mul(k, factor));
    current = await engine.scope(() => triple(F, current));
  }
  return { curve, bytes, logs };
}

type Coordinates = readonly [x: Vec, y: Vec];

async function triple(F: VectorField, points: readonly Point[]): Promise<readonly Point[]> {
  const x = F.fromElements(points.map(([px]) => px));
  const y = F.fromElements(points.map(([, py]) => py));
  const tangent = F.mul(F.scale(3n, F.mul(x, x)), F.inverse(F.scale(2n, y)));
  const [x2, y2] = third(F, tangent, [x, y], x);
  const chord = F.mul(F.sub(y2, y), F.inverse(F.sub(x2, x)));
  const [x3, y3] = third(F, chord, [x, y], x2);
  const [xs, ys] = [await F.toElements(x3), await F.toElements(y3)];
  return xs.map((px, i) => [px, ys[i]!]);
}

/** −(third point on the lines of these slopes through the points and abscissas). */
function third(F: VectorField, slope: Vec, [x, y]: Coordinates, other: Vec): Coordinates {
  const x3 = F.sub(F.sub(F.mul(slope, slope), x), other);
  return [x3, F.sub(F.mul(slope, F.sub(x, x3)), y)];
}

/** What Σ kᵢ·Gᵢ must be. */
export function knownSum({ curve, logs }: BenchBases, scalars: readonly bigint[]): Point | null {
  const sum = scalars.reduce((acc, k, i) => acc + k * logs[i]!, 0n);
  return curve.mul(sum, generatorOf(curve));
}

export const scalarBytes = (scalars: readonly bigint[]): Uint8Array => elementsToBytes(scalars);
