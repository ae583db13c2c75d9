// How a computation of N equal steps is cut into leaves and shards.

import { type LeafSize, MAX_LOG_ROWS, type StepSize, leafSize } from "@foldmesh/folding";
import type { StepCircuit } from "@foldmesh/r1cs";
import { ProverError } from "./errors.ts";
import type { Plan, Range } from "./api.ts";

export interface PlanRequest {
  readonly steps: number;
  /** Of one. */
  readonly step: StepSize;
  readonly stepsPerLeaf?: number | undefined;
  readonly shards?: number | undefined;
  readonly threads: number;
}

/** The planner goes no higher by itself: at 2^18 rows a prover thread needs about a gigabyte. */
const MAX_CHOSEN_LOG_ROWS = 17;
/** Cost of a leaf relative to a merge of the same size, measured (bench: leaf, merge). */
const LEAF_COST = 0.35;

export const sizeOfStep = ({ stateSize: a, r1cs }: StepCircuit): StepSize => ({
  a,
  rows: r1cs.A.rows,
  witness: r1cs.columns - r1cs.publicCount,
});

/** Of k chained steps: the states between them are private too. */
export const sizeOfLeaf = ({ a, rows, witness }: StepSize, k: number): LeafSize | null =>
  leafSize({ a, rows: k * rows, witness: k * witness + (k - 1) * a });

/** @throws ProverError PLAN */
export function makePlan(request: PlanRequest): Plan {
  const { steps, threads } = request;
  const stepsPerLeaf = request.stepsPerLeaf ?? chooseStepsPerLeaf(request);
  if (!Number.isSafeInteger(stepsPerLeaf) || stepsPerLeaf < 1 || steps % stepsPerLeaf !== 0) {
    throw new ProverError(
      "PLAN",
      `${steps} steps cannot be cut into leaves of ${stepsPerLeaf}: every leaf takes the same number, so choose a divisor such as ${largestDivisor(steps, stepsPerLeaf)}`,
    );
  }
  const leaves = steps / stepsPerLeaf;
  const size = sizeOfLeaf(request.step, stepsPerLeaf);
  if (size === null) {
    const { rows, witness } = request.step;
    throw new ProverError(
      "PLAN",
      `a leaf of ${stepsPerLeaf} × (${rows} constraints, ${witness} wires) exceeds 2^${MAX_LOG_ROWS} rows or columns: take fewer steps per leaf or a smaller step`,
    );
  }
  const shards = cut(leaves, checkShards(request.shards ?? Math.min(threads, leaves), leaves));
  return { steps, stepsPerLeaf, leaves, shards, constraints: size.rows, logRows: size.s };
}

function checkShards(shards: number, leaves: number): number {
  if (Number.isSafeInteger(shards) && shards >= 1 && shards <= leaves) return shards;
  throw new ProverError(
    "PLAN",
    leaves === 1
      ? `a single leaf cannot be cut into ${shards} shards: take fewer steps per leaf, or 1 shard`
      : `${leaves} leaves cannot be cut into ${shards} shards: choose 1 to ${leaves}`,
  );
}

/** The divisor of N with the least estimated time. */
function chooseStepsPerLeaf(request: PlanRequest): number {
  const leastLeaves = Math.min(request.shards ?? 1, request.steps);
  const candidates = divisors(request.steps).flatMap((stepsPerLeaf) => {
    if (request.steps / stepsPerLeaf < leastLeaves) return [];
    const size = sizeOfLeaf(request.step, stepsPerLeaf);
    if (size === null || (size.s > MAX_CHOSEN_LOG_ROWS && stepsPerLeaf > 1)) return [];
    return [{ stepsPerLeaf, cost: cost(request.steps / stepsPerLeaf, size.s, request.threads) }];
  });
  if (candidates.length === 0) return 1;
  return candidates.reduce((best, other) => (other.cost < best.cost ? other : best)).stepsPerLeaf;
}

/** In merges at 2^0 rows: all leaves and merges spread over the threads, and the last merges that cannot be. */
function cost(leaves: number, logRows: number, threads: number): number {
  const spread = (leaves * LEAF_COST + (leaves - 1)) / Math.min(threads, leaves);
  const tail = Math.ceil(Math.log2(leaves)) / 2;
  return 2 ** logRows * (spread + tail);
}

function divisors(n: number): number[] {
  const low: number[] = [];
  const high: number[] = [];
  for (let d = 1; d * d <= n; d++) {
    if (n % d !== 0) continue;
    low.push(d);
    if (d * d !== n) high.unshift(n / d);
  }
  return [...low, ...high];
}

const largestDivisor = (n: number, limit: number): number =>
  divisors(n).findLast((d) => d <= limit) ?? 1;

/** `parts` contiguous ranges of [0, n) whose lengths differ by one at most. */
function cut(n: number, parts: number): Range[] {
  return Array.from({ length: parts }, (_, k) => ({
    start: Math.floor((n * k) / parts),
    end: Math.floor((n * (k + 1)) / parts),
  }));
}
