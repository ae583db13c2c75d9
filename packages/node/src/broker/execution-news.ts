import type { JobEvent as Told } from "@foldmesh/client";
import type { JobEvent, JobState } from "@foldmesh/jobs";
import type { Accepted } from "./accept.ts";

export interface ExecutionNewsInit {
  readonly accepted: Accepted;
  readonly state: () => JobState | undefined;
  readonly tell: (event: Told) => void;
  readonly feed: (event: JobEvent) => void;
}

const EXECUTED_MS = 250;

/** How far a computation has been executed: said where a shard can begin, at the end, and now and then in between. */
export function executionNews(init: ExecutionNewsInit): (leaves: number) => void {
  const { accepted, state, tell, feed } = init;
  const { size, request } = accepted;
  let told = 0;
  return (done) => {
    const { shards = [] } = state()?.init ?? {};
    const isBoundary = done === size.leaves || shards.some(({ start }) => start === done);
    const isOld = done <= (state()?.execution.done ?? 0); // said before this node was restarted
    if (isOld || (!isBoundary && performance.now() - told < EXECUTED_MS)) return;
    told = performance.now();
    tell({ kind: "executed", done: done * size.stepsPerLeaf, total: request.steps });
    feed({ kind: "executed", done });
  };
}
