// The main thread's side of the workers: pools that hold a system, and the typed calls to them.

import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Piscina } from "piscina";
import { ProverError } from "./errors.ts";
import type { Reply, WorkerInits } from "./worker-tasks.ts";

export const defaultThreads = (): number => availableParallelism();

/** For a task on a GPU to come to its next stage. */
const CLOSE_MS = 60_000;

/** Threads that run the functions of one worker file, one task a thread at a time. */
export class Workers<File extends keyof WorkerInits> implements AsyncDisposable {
  readonly #pool: Piscina;
  /** Whether threads end between tasks only: one that waits for a GPU takes the process with it. */
  readonly #endsIdle: boolean;
  readonly #running = new Set<Promise<unknown>>();
  #closing = false;

  constructor(file: File, init: WorkerInits[File], threads: number) {
    this.#endsIdle = "gpu" in init && init.gpu !== undefined;
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
      this.#running.add(running);
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
    // tasks that nobody waits for stop at their next stage
    if (this.#endsIdle)
      await Promise.race([
        Promise.allSettled(this.#running),
        sleep(CLOSE_MS, null, { ref: false }),
      ]);
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
