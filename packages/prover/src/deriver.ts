// A thread that derives generators of the commitment key.

import { workerData } from "node:worker_threads";
import { attachEngine, deriveG1Generators } from "@foldmesh/algebra";
import { reply } from "./reply.ts";
import type { BasesTask, Reply, WorkerInits } from "./worker-tasks.ts";

const engine = attachEngine((workerData as WorkerInits["deriver.ts"]).engine);

/** Generators start … start+count−1 of w. */
export const bases = ({ start, count }: BasesTask): Promise<Reply<Uint8Array>> =>
  reply(() => deriveG1Generators(engine, "w", start, count));
