// What a commitment costs here and there: measured once for a device and a processor, kept, and asked
// before every commitment.

import { elementsToBytes } from "@foldmesh/algebra";
import { type Records, readRecord } from "../records.ts";

/** Milliseconds. */
export interface Costs {
  /** CPU, one thread: for each unit of weight (a scalar of full length). */
  readonly cpuPerUnit: number;
  /** GPU: whatever the size. */
  readonly gpuFixed: number;
  /** GPU: for each point, whatever its scalar. */
  readonly gpuPerPoint: number;
}

const WORDS = 8;

/**
 * How much work scalars are for the CPU: 1 for each of full length, less for short ones, 0 for zeros.
 * @param words canonical integers, 8 words each, lowest first
 */
export function weightOf(words: Uint32Array): number {
  let eighths = 0;
  for (let at = words.length - WORDS; at >= 0; at -= WORDS) {
    let k = WORDS;
    while (k > 0 && words[at + k - 1] === 0) k--;
    eighths += k;
  }
  return eighths / WORDS;
}

/** Whether the GPU is expected to be faster for `points` scalars of that weight. */
export const prefersGpu = (costs: Costs, points: number, weight: number): boolean =>
  costs.gpuFixed + costs.gpuPerPoint * points < costs.cpuPerUnit * weight;

/** How far one observation moves the estimate: hiccups little, a machine that is busy from now on soon. */
const TRUST = 0.3;

const moved = (estimate: number, observed: number): number =>
  estimate > 0 && observed > 0 ? Math.pow(observed / estimate, TRUST) : 1;

/** Costs after a commitment was timed on the GPU. */
export function observeGpu(costs: Costs, { points, ms }: Timing): Costs {
  const factor = moved(costs.gpuFixed + costs.gpuPerPoint * points, ms);
  return {
    ...costs,
    gpuFixed: costs.gpuFixed * factor,
    gpuPerPoint: costs.gpuPerPoint * factor,
  };
}

/** Costs after a commitment of that weight was timed on the CPU. */
export const observeCpu = (costs: Costs, weight: number, ms: number): Costs => ({
  ...costs,
  cpuPerUnit: costs.cpuPerUnit * moved(costs.cpuPerUnit * weight, ms),
});

const isCosts = (value: unknown): value is Costs =>
  typeof value === "object" &&
  value !== null &&
  (["cpuPerUnit", "gpuFixed", "gpuPerPoint"] as const).every((name) => {
    const cost = (value as Partial<Record<string, unknown>>)[name];
    return typeof cost === "number" && Number.isFinite(cost) && cost >= 0;
  });

export const readCosts = (records: Records, name: string): Promise<Costs | null> =>
  readRecord(records, name, isCosts);

/** A timed multiplication of that many points. */
export interface Timing {
  readonly points: number;
  readonly ms: number;
}

/** The line through the smallest and the largest of the GPU's timings, never falling. */
export function costsFrom(gpu: readonly Timing[], cpu: Timing): Costs {
  const [small, large] = [gpu[0]!, gpu.at(-1)!];
  const between = large.points - small.points;
  const gpuPerPoint = between === 0 ? 0 : Math.max(0, (large.ms - small.ms) / between);
  return {
    cpuPerUnit: cpu.ms / cpu.points,
    gpuFixed: Math.max(0, small.ms - gpuPerPoint * small.points),
    gpuPerPoint,
  };
}

/** Scalars of full length below both group orders, the same at every call; some are equal, some 0. */
export function testScalars(n: number): Uint8Array<ArrayBuffer> {
  let state = 0x9e3779b97f4a7c15n;
  const next = (): bigint => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return state;
  };
  const scalars = Array.from({ length: n }, (_, i) => {
    if (i % 64 === 0) return BigInt(i % 3);
    return (
      (next() & ((1n << 61n) - 1n)) * (1n << 192n) + (next() << 128n) + (next() << 64n) + next()
    );
  });
  return new Uint8Array(elementsToBytes(scalars));
}
