import { Worker } from "node:worker_threads";
import { checkAssignment } from "../assignment.ts";
import { R1CSError } from "../errors.ts";
import { type EncodedSignal, encodeInputs } from "../signals.ts";
import type { SignalShape } from "../sym.ts";
import type { StepInputs } from "../value.ts";
import { limitMemory } from "../wasm-limits.ts";
import type { RunReply, RunRequest, WorkerData } from "./witness-protocol.ts";

export const DEFAULT_TIME_LIMIT_MS = 60_000;
export const DEFAULT_MEMORY_LIMIT_BYTES: number = 2 ** 30;

/** Of the worker's own JavaScript; the program's memory is limited by itself. */
const RESOURCE_LIMITS = {
  maxOldGenerationSizeMb: 512,
  maxYoungGenerationSizeMb: 64,
  stackSizeMb: 4,
};

export interface WitnessRunnerInit {
  /** circom's witness program. Foreign: it may loop, exhaust memory or lie. */
  readonly wasm: Uint8Array;
  /** Wires of the circuit. */
  readonly columns: number;
  /** Every input signal (Program.inputs); without them the program itself judges names and sizes. */
  readonly inputs?: readonly SignalShape[];
  /** Wall-clock time of one run, start of the worker included. */
  readonly timeLimitMs?: number;
  /** Of the program's linear memory. */
  readonly memoryLimitBytes?: number;
  /** Aborts the current run and every later one. */
  readonly signal?: AbortSignal;
  /** Receives the lines that the circuit prints with log(), of a run that fails too. */
  readonly onLog?: (line: string) => void;
}

export interface RunOptions {
  /** Index of the step, for errors. */
  readonly step?: number;
  readonly signal?: AbortSignal;
}

/** Runs a witness program in a worker thread of its own; a worker that died is replaced at the next run. */
export interface WitnessRunner {
  /**
   * The assignment z = [1, step_out, step_in, private …] as 32-byte little-endian canonical elements.
   * It is the program's claim: whether it satisfies the circuit is for `firstViolation` or the prover.
   * Calls made at the same time run one after the other.
   * @param inputs step_in and the private inputs
   * @throws R1CSError INPUT, WITNESS, TIMEOUT, MEMORY, ABORTED; UNSUPPORTED or MALFORMED for a bad program
   */
  run(inputs: StepInputs, options?: RunOptions): Promise<Uint8Array>;
  /** Ends the worker; a run in progress is refused with ABORTED. */
  close(): Promise<void>;
}

/** @throws R1CSError MALFORMED, UNSUPPORTED, MEMORY when the module itself is unusable */
export function createWitnessRunner(init: WitnessRunnerInit): WitnessRunner {
  return new WorkerWitnessRunner(init);
}

class WorkerWitnessRunner implements WitnessRunner {
  readonly #init: WitnessRunnerInit;
  readonly #wasm: Uint8Array;
  readonly #closing = new AbortController();
  #worker: Worker | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(init: WitnessRunnerInit) {
    this.#init = init;
    this.#wasm = limitMemory(init.wasm, init.memoryLimitBytes ?? DEFAULT_MEMORY_LIMIT_BYTES);
  }

  async run(inputs: StepInputs, options: RunOptions = {}): Promise<Uint8Array> {
    const turn = this.#queue.then(() => this.#runNow(inputs, options));
    this.#queue = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#queue;
    await this.#discardWorker();
  }

  async #runNow(inputs: StepInputs, { step, signal }: RunOptions): Promise<Uint8Array> {
    try {
      const signals = encodeInputs(inputs, this.#init.inputs);
      const reply = await this.#ask(signals, signal);
      reply.log.forEach((line) => this.#init.onLog?.(line));
      if ("code" in reply) throw new R1CSError(reply.code, reply.message);
      checkAssignment(reply.assignment, this.#init.columns);
      return reply.assignment;
    } catch (error) {
      throw error instanceof R1CSError ? atStep(error, step) : error;
    }
  }

  /** One request to the worker; settles by its reply, its death, the time limit or an abort. */
  async #ask(signals: readonly EncodedSignal[], signal?: AbortSignal): Promise<RunReply> {
    const aborts = [this.#closing.signal, this.#init.signal, signal].filter((s) => s !== undefined);
    const aborted = AbortSignal.any(aborts);
    if (aborted.aborted) throw abortError();
    const timeLimitMs = this.#init.timeLimitMs ?? DEFAULT_TIME_LIMIT_MS;
    const worker = (this.#worker ??= this.#startWorker());
    worker.ref();
    const { promise, resolve, reject } = Promise.withResolvers<RunReply>();
    const onAbort = (): void => reject(abortError());
    const onExit = (): void =>
      reject(new R1CSError("WITNESS", "the witness program's thread ended"));
    const onError = (error: Error): void => reject(deathError(error));
    const timer = setTimeout(() => reject(timeoutError(timeLimitMs)), timeLimitMs);
    worker.once("message", resolve).once("error", onError).once("exit", onExit);
    aborted.addEventListener("abort", onAbort);
    try {
      worker.postMessage({ signals } satisfies RunRequest);
      return await promise;
    } catch (error) {
      await this.#discardWorker();
      throw error;
    } finally {
      clearTimeout(timer);
      aborted.removeEventListener("abort", onAbort);
      worker.off("message", resolve).off("error", onError).off("exit", onExit);
      worker.unref(); // an idle worker does not keep the process alive
    }
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL("./witness-worker.ts", import.meta.url), {
      workerData: { wasm: this.#wasm, columns: this.#init.columns } satisfies WorkerData,
      resourceLimits: RESOURCE_LIMITS,
      env: {},
      execArgv: [],
      name: "witness",
    });
    worker.on("error", () => {}); // without a listener, a thread's death would end the process
    return worker;
  }

  async #discardWorker(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

const abortError = (): R1CSError =>
  new R1CSError("ABORTED", "the witness computation was cancelled");

const timeoutError = (ms: number): R1CSError =>
  new R1CSError(
    "TIMEOUT",
    `the witness program did not finish within ${ms} ms: it may loop for ever, or the step is too large for the limit`,
  );

function deathError(error: Error): R1CSError {
  const outOfMemory = (error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY";
  const code = outOfMemory ? "MEMORY" : "WITNESS";
  return new R1CSError(code, `the witness program's thread died: ${error.message}`, {
    cause: error,
  });
}

function atStep(error: R1CSError, step: number | undefined): R1CSError {
  if (step === undefined) return error;
  return new R1CSError(error.code, `step ${step}: ${error.message}`, { cause: error, step });
}
