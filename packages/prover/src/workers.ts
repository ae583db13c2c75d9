// The main thread's side of the workers: pools that hold a system, and the typed calls to them.

import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Piscina } from "piscina";
import { ProverError } from "./errors.ts";
import type { Reply, WorkerInits } from "./worker-tasks.ts";

export const defaultThreads = (): number => availableParallelism();

/** For tasks to come to their next stage. */
const PATIENCE_MS = 1000;
/** A GPU that does not answer until then is left to the system. */
const CLOSE_MS = 60_000;

/** Threads that run the functions of one worker file, one task a thread at a time. */
export class Workers<File extends keyof WorkerInits> implements AsyncDisposable {
  readonly #pool: Piscina;
  /** How many threads wait for a GPU: ended then, they take the process with them. */
  readonly #waiting: Int32Array | undefined;
  /** Tasks, and the flags that stop them. */
  readonly #running = new Map<Promise<unknown>, Int32Array>();
  #closing = false;

  constructor(file: File, init: WorkerInits[File], threads: number) {
    this.#waiting = "gpu" in init ? init.gpu?.waiting : undefined;
    this.#pool = new Piscina({
      filename: new URL(`./${file}`, import.meta.url).href,
      workerData: init,
      minThreads: 1,
      maxThreads: threads,
      idleTimeout: Infinity, // a thread holds a loaded system: it ends with the pool
      atomics: "disabled", // tasks are asynchronous
      execArgv: [],
    });
    // an answer that comes while the pool is taken down has nobody waiting for it
    this.#pool.on("error", (error: Error) => {
      if (!this.#closing) throw error;
    });
  }

  /**
   * Runs one task. An abort settles the call at once; the thread itself stops before its next stage, so
   * that its part of the engine's memory is given back.
   * @throws ProverError ABORTED, or PROVING with the message of the typed error that the task met
   */
  async run<T>(
    name: string,
    task: object,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    if (signal?.aborted) throw abortError(signal.reason);
    const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => {
      Atomics.store(stop, 0, 1);
      reject(abortError(signal?.reason));
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const running = this.#pool.run({ ...task, stop }, { name }) as Promise<Reply<T>>;
      this.#running.set(running, stop);
      const settle = (): void => void this.#running.delete(running);
      running.then(settle, settle);
      const reply = await Promise.race([running, aborted]);
      if (reply.ok) return reply.value;
      throw typedError(reply);
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      for (const stop of this.#running.values()) Atomics.store(stop, 0, 1);
      // they stop at their next stage, and give their GPU up at once
      const settled = Promise.allSettled(this.#running.keys());
      await Promise.race([settled, sleep(PATIENCE_MS, null, { ref: false })]);
      const end = performance.now() + CLOSE_MS;
      while (Atomics.load(waiting, 0) > 0 && performance.now() < end) await sleep(20);
    }
    await this.#pool.destroy();
  }
}

export const abortError = (cause?: unknown): ProverError =>
  new ProverError("ABORTED", "the work was cancelled", { cause });

const OWN_CODES = ["PROOF", "PLAN", "INPUT", "KEY", "CACHE"] as const;

function typedError({
  name,
  code,
  message,
}: {
  name: string;
  code: string;
  message: string;
}): ProverError {
  const own = OWN_CODES.find((known) => known === code);
  if (name === "ProverError" && own !== undefined) return new ProverError(own, message);
  return new ProverError("PROVING", message);
}
