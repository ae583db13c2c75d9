// Ranks as worker_threads of Node.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { RankWorker, SpawnRank } from "./pool.ts";

export const spawnNodeRank: SpawnRank = async (init) => {
  const worker = new Worker(new URL("./node-rank.ts", import.meta.url), { workerData: init });
  await once(worker, "message"); // "ready"; rejects when the script fails
  return rankOf(worker);
};

function rankOf(worker: Worker): RankWorker {
  let ending = false;
  return {
    postMessage: (task) => worker.postMessage(task),
    listen(reply, fail) {
      worker.on("message", reply);
      worker.once("error", fail);
      worker.once("exit", (code) => {
        if (!ending) fail(new Error(`the worker exited with code ${code}`));
      });
    },
    async terminate() {
      ending = true;
      await worker.terminate();
    },
  };
}
