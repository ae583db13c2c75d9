import { SHA256_Z0 } from "@foldmesh/programs";
import type { JobInput } from "@foldmesh/r1cs";
import type { JobSpec } from "./measure-job.ts";

/** The input of a job made for measuring. */
export function jobInput({ program, leaves, stepsPerLeaf }: JobSpec): JobInput {
  const steps = leaves * stepsPerLeaf;
  if (program === "minroot") return { z0: [1n, 2n, 0n], count: steps };
  const block = Array.from({ length: 16 }, (_, i) => (0x9e3779b9n * BigInt(i)) & 0xffff_ffffn);
  return { z0: SHA256_Z0, steps: Array.from({ length: steps }, () => ({ block })) };
}
