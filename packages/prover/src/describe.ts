import type { Program } from "@foldmesh/r1cs";
import { BLOCK_POINTS, POINT_BYTES } from "./key-cache.ts";
import { makePlan, sizeOfLeaf, sizeOfStep } from "./plan.ts";
import { defaultThreads } from "./workers.ts";

/** Steps of the job that is planned where none is named: many, with many divisors. */
const LONG_JOB = 720_720;

export interface DescribeRequest {
  readonly program: Program;
  /** Default: the planner's choice for a long job. */
  readonly stepsPerLeaf?: number | undefined;
  /** Of the whole job; default: many, so that every size of leaf divides them. */
  readonly steps?: number | undefined;
  /** That will work on it, anywhere; default: this machine's cores. */
  readonly threads?: number | undefined;
}

/** What one leaf of a program takes. */
export interface LeafShape {
  readonly stepsPerLeaf: number;
  /** Real constraints, padded to 2^logRows. */
  readonly constraints: number;
  readonly logRows: number;
  /** Points that it needs of the commitment key. */
  readonly bases: number;
  /** The commitment key as it is cached, in whole blocks. */
  readonly keyBytes: number;
}

/** @throws ProverError PLAN */
export function describeLeaf(request: DescribeRequest): LeafShape {
  const { program, stepsPerLeaf, threads = defaultThreads() } = request;
  const step = sizeOfStep(program.step);
  const steps = request.steps ?? stepsPerLeaf ?? LONG_JOB;
  const plan = makePlan({ step, steps, stepsPerLeaf, threads });
  const { bases } = sizeOfLeaf(step, plan.stepsPerLeaf)!; // it was planned
  return {
    stepsPerLeaf: plan.stepsPerLeaf,
    constraints: plan.constraints,
    logRows: plan.logRows,
    bases,
    keyBytes: Math.ceil(bases / BLOCK_POINTS) * BLOCK_POINTS * POINT_BYTES,
  };
}
