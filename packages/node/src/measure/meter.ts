import { Worker } from "node:worker_threads";
import { CHALLENGE_POINTS, type MSMReply, type MSMTask } from "./msm-task.ts";

/** Computes challenges in a thread of its own, started when it is first needed. One after the other. */
export interface Meter {
  run(task: MSMTask): Promise<MSMReply>;
  close(): Promise<void>;
}

export function createMeter(): Meter {
  let worker: Worker | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const runNow = (task: MSMTask): Promise<MSMReply> => {
    worker ??= new Worker(new URL("./msm-worker.ts", import.meta.url), { execArgv: [] });
    const running = worker;
    const { promise, resolve, reject } = Promise.withResolvers<MSMReply>();
    const onExit = (): void => reject(new Error("the measuring thread has ended"));
    running.once("message", resolve).once("error", reject).once("exit", onExit);
    running.ref();
    running.postMessage(task);
    return promise.finally(() => {
      running.off("message", resolve).off("error", reject).off("exit", onExit);
      running.unref();
    });
  };
  return {
    run(task) {
      const result = turn.then(() => runNow(task));
      turn = result.catch(() => {});
      return result;
    },
    async close() {
      await worker?.terminate();
    },
  };
}

/** Points of multi-scalar multiplications a second, on one thread. */
export async function measureMSM(meter: Meter): Promise<number> {
  const seed = crypto.getRandomValues(new Uint8Array(32));
  await meter.run({ seed, rounds: 1 }); // the first one warms up
  const rounds = 16;
  const { ms } = await meter.run({ seed, rounds });
  return Math.round((rounds * CHALLENGE_POINTS * 1000) / ms);
}
