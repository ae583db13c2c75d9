import { createEngine } from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import type { Program } from "@foldmesh/r1cs";
import { BLOCK_POINTS, POINT_BYTES } from "./key-cache.ts";
import { derive } from "./setup.ts";
import { Workers, defaultThreads } from "./workers.ts";

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
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
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

/** @throws ProverError PLAN, CACHE, ABORTED */
export async function describeLeaf(request: DescribeRequest): Promise<LeafShape> {
  const { stepsPerLeaf, cacheDir } = request;
  const { init: engine } = await createEngine({ load: readModules });
  await using preparer = new Workers("preparer.ts", { cacheDir, engine }, 1);
  const { plan, bases } = await derive(preparer, {
    ...request,
    context: 0n,
    threads: request.threads ?? defaultThreads(),
    steps: request.steps ?? stepsPerLeaf ?? LONG_JOB,
  });
  return {
    stepsPerLeaf: plan.stepsPerLeaf,
    constraints: plan.constraints,
    logRows: plan.logRows,
    bases,
    keyBytes: Math.ceil(bases / BLOCK_POINTS) * BLOCK_POINTS * POINT_BYTES,
  };
}
