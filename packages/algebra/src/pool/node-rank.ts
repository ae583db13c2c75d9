// The script of a worker thread of a pool.

import { parentPort, workerData } from "node:worker_threads";
import type { EngineInit } from "../wasm/engine.ts";
import { openRank } from "./rank.ts";
import type { CommitTask } from "./messages.ts";

const run = openRank(workerData as EngineInit);
parentPort!.on("message", (task: CommitTask) => parentPort!.postMessage(run(task)));
parentPort!.postMessage("ready");
