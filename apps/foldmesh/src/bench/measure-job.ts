import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { MergeStages } from "@foldmesh/prover";
import type { BenchmarkOptions } from "./benchmark.ts";

/** A job made for measuring. */
export interface JobSpec {
  readonly program: "minroot" | "sha256";
  readonly stepsPerLeaf: number;
  readonly leaves: number;
  readonly threads: number;
  readonly shards: number;
  /** default: off */
  readonly gpu?: "auto" | "any";
}

/** Two programs, cut so that a leaf has 2^15, 2^17 and 2^20 rows. */
export const JOB_SIZES: Readonly<Record<15 | 17 | 20, Pick<JobSpec, "program" | "stepsPerLeaf">>> =
  {
    15: { program: "minroot", stepsPerLeaf: 50 },
    17: { program: "sha256", stepsPerLeaf: 3 },
    20: { program: "sha256", stepsPerLeaf: 32 },
  };

export interface MeasuredMerge {
  /** Leaves below the new node. */
  readonly leaves: number;
  readonly ms: number;
  readonly stages: MergeStages;
}

export interface MeasuredJob {
  readonly logRows: number;
  /** From the end of setup to the proof. */
  readonly ms: number;
  /** Processor time of all threads meanwhile. */
  readonly cpuMs: number;
  readonly leafMs: readonly number[];
  readonly merges: readonly MeasuredMerge[];
  /** Largest resident memory of the process. */
  readonly peakBytes: number;
}

const CHILD = fileURLToPath(new URL("job-child.ts", import.meta.url));

/** Runs a job in a process of its own, so that its memory is its own too. */
export async function measureJob(
  spec: JobSpec,
  { cacheDir, signal }: BenchmarkOptions,
): Promise<MeasuredJob> {
  const args = [CHILD, JSON.stringify({ spec, cacheDir })];
  const { stdout } = await promisify(execFile)(process.execPath, args, { signal });
  return JSON.parse(stdout) as MeasuredJob;
}
