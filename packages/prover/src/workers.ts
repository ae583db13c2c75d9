// The main thread's side of the workers: pools that hold a system, and the typed calls to them.

import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import { ProverError } from "./errors.ts";
import type { Reply, WorkerInits } from "./worker-tasks.ts";

export const defaultThreads = (): number => availableParallelism();

/** Threads that run the functions of one worker file, one task a thread at a time. */
export class Workers<File extends keyof WorkerInits> implements AsyncDisposable {
  readonly #pool: Piscina;

  constructor(file: File, init: WorkerInits[File], threads: number) {
    this.#pool = new Piscina({
      filename: new URL(`./${file}`, import.meta.url).href,
      workerData: init,
      minThreads: 1,
      maxThreads: threads,
      idleTimeout: Infinity, // a thread holds a loaded system: it ends with the pool
      atomics: "disabled", // tasks are asynchronous
      execArgv: [],
    });
  }

  /**
   * Runs one task. Aborting ends the thread that runs it.
   * @throws ProverError ABORTED, or PROVING with the message of the typed error that the task met
   */
  async run<T>(
    name: string,
    task: unknown,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    if (signal?.aborted) throw abortError(signal.reason);
    let reply: Reply<T>;
    try {
      reply = (await this.#pool.run(task, {
        name,
        ...(signal === undefined ? {} : { signal }),
      })) as Reply<T>;
    } catch (cause) {
      if (signal?.aborted) throw abortError(cause);
      throw cause;
    }
    if (reply.ok) return reply.value;
    throw typedError(reply);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }
}

export const abortError = (cause?: unknown): ProverError =>
  new ProverError("ABORTED", "the work was cancelled", { cause });

const OWN_CODES = ["PROOF", "PLAN", "INPUT", "CACHE"] as const;

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
