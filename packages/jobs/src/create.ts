import type { JobInit } from "./job-state.ts";
import type { Task } from "./task-state.ts";
import type { TaskSpec } from "./tree.ts";
import { buildTree } from "./tree.ts";

/** All tasks of a job, Open, the price divided among them by their constraints. */
export function tasksOf(init: JobInit): readonly Task[] {
  const specs = buildTree(init.shards, init.compress);
  const sizes = specs.map((spec) => constraintsOf(spec, init));
  const total = BigInt(sizes.reduce((a, b) => a + b, 0));
  return specs.map((spec, i) => {
    const constraints = sizes[i] as number;
    const budget = (init.maxPrice * BigInt(constraints)) / total;
    return {
      ...spec,
      constraints,
      budget,
      epoch: 0,
      attempts: 0,
      state: { kind: "Open" },
      leases: [],
      checkpoints: [],
    };
  });
}

/** A shard is its leaves and the merges between them; verifying is the broker's own. */
function constraintsOf(
  { kind, range }: TaskSpec,
  { constraints: { leaf, merge, compress } }: JobInit,
): number {
  const steps = range.end - range.start;
  switch (kind) {
    case "prove":
      return steps * leaf + (steps - 1) * merge;
    case "merge":
      return merge;
    case "compress":
      return compress;
    case "verify":
      return 0;
  }
}
