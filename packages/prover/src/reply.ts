// Typed errors lose their class on the way between threads, so a task's outcome travels as data.

import { ProverError } from "./errors.ts";
import type { Reply } from "./worker-tasks.ts";

/** Runs a task; a typed error becomes data, anything else is a bug and rejects. */
export async function reply<T>(body: () => Promise<T>): Promise<Reply<T>> {
  try {
    return { ok: true, value: await body() };
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return { ok: false, name: error.name, code: String(error.code), message: error.message };
  }
}

/** Given to every task by `Workers.run`: becomes 1 when nobody waits for the result any more. */
export interface Stoppable {
  readonly stop: Int32Array;
}

export const isStopped = ({ stop }: Stoppable): boolean => Atomics.load(stop, 0) !== 0;

/** Tasks call this between stages. @throws ProverError ABORTED */
export function checkStop(task: Stoppable): void {
  if (isStopped(task)) throw new ProverError("ABORTED", "the work was cancelled");
}
