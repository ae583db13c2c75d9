// Whole tasks on this thread's GPU, where that is faster: each kind of task is tried in both places,
// timed, and then done where it took less. What a GPU fails to do, or does wrongly, the processor does again.

import { type WasmEngine, assert } from "@foldmesh/algebra";
import { type MatrixTriple, type Setup, setupOf } from "@foldmesh/folding";
import {
  type Device,
  GpuError,
  type Records,
  deviceName,
  gpuEngine,
  readRecord,
} from "@foldmesh/webgpu";
import { ProverError } from "./errors.ts";
import type { OwnGpu } from "./gpu.ts";
import type { SparseSetup } from "./resident.ts";

export type TaskKind = "leaf" | "merge" | "lineage";

/** Milliseconds that tasks took; absent where a place was not tried yet. */
export interface PlaceTimes {
  readonly gpu?: number;
  readonly cpu?: number;
}

type Times = Readonly<Partial<Record<TaskKind, PlaceTimes>>>;

/** How far one time moves the estimate. */
const TRUST = 0.3;
const MOST_FAILURES = 3;

/** Where the next task of a kind is done: what is not known is tried, the GPU first. */
export function placeFor({ gpu, cpu }: PlaceTimes = {}): "gpu" | "cpu" {
  if (gpu === undefined) return "gpu";
  if (cpu === undefined) return "cpu";
  return gpu < cpu ? "gpu" : "cpu";
}

const isTimes = (value: unknown): value is Times => typeof value === "object" && value !== null;

export interface Task<T> {
  readonly kind: TaskKind;
  /** Pure but for its randomness: it may be done twice. */
  readonly work: (setup: Setup) => Promise<T>;
  /** By the processor: whether a result is a true one. */
  readonly isTrue: (result: T) => Promise<boolean>;
}

/** What came of a task on the GPU; `disputed`: what it says may be the task's fault, or its own. */
type Attempt<T> =
  | { readonly done: true; readonly result: T }
  | { readonly done: false; readonly disputed: boolean };

interface OpenGpu {
  readonly setup: Setup;
  readonly device: Device;
  readonly recordName: string;
}

export class TaskPlaces implements Disposable {
  readonly #cpu: Setup & { readonly engine: WasmEngine };
  readonly #gpu: OwnGpu | undefined;
  readonly #sparse: SparseSetup | undefined;
  #open: OpenGpu | null = null;
  #times: Times = {};
  #failures = 0;
  /** Kinds of which a result was checked; the first also loads matrices and compiles, so its time does not count. */
  readonly #checked = new Set<TaskKind>();

  constructor(
    cpu: Setup,
    engine: WasmEngine,
    gpu: OwnGpu | undefined,
    sparse: SparseSetup | undefined,
  ) {
    this.#cpu = { ...cpu, engine };
    this.#gpu = gpu;
    this.#sparse = sparse;
  }

  async run<T>(task: Task<T>): Promise<T> {
    const there = await this.#onGpu(task);
    if (there.done) return there.result;
    const here = await this.#onCpu(task);
    // what is false in itself, a witness or a child, fails in both places
    if (there.disputed && (await task.isTrue(here))) this.#fail();
    return here;
  }

  [Symbol.dispose](): void {
    this.#failures = MOST_FAILURES;
    this.#open?.setup.engine.close();
    this.#open = null;
  }

  async #onCpu<T>({ kind, work }: Task<T>): Promise<T> {
    const started = performance.now();
    const result = await work(this.#cpu);
    await this.#learn(kind, "cpu", performance.now() - started);
    return result;
  }

  /** Where it is not done, the processor is to do it. */
  async #onGpu<T>({ kind, work, isTrue }: Task<T>): Promise<Attempt<T>> {
    const not = { done: false, disputed: false } as const;
    if (this.#gpu === undefined || this.#failures >= MOST_FAILURES) return not;
    try {
      const { setup } = await this.#opened(this.#gpu);
      if (placeFor(this.#times[kind]) === "cpu") return not;
      const started = performance.now();
      const result = await work(setup);
      const ms = performance.now() - started;
      if (this.#checked.has(kind)) {
        await this.#learn(kind, "gpu", ms);
      } else {
        if (!(await isTrue(result))) return { done: false, disputed: true };
        this.#checked.add(kind);
      }
      return { done: true, result };
    } catch (error) {
      if (error instanceof ProverError) throw error; // nobody waits any more
      if (!(error instanceof GpuError)) return { done: false, disputed: true };
      this.#fail(error);
      return not;
    }
  }

  /** @param error of the device; without, it computed wrongly */
  #fail(error?: GpuError): void {
    // what does not fit once fits never; commitments, which can be split, are tried again
    this.#failures = error?.code === "OUT_OF_MEMORY" ? MOST_FAILURES : this.#failures + 1;
    this.#checked.clear();
    this.#open?.setup.engine.close();
    this.#open = null;
  }

  async #opened({ open, records }: OwnGpu): Promise<OpenGpu> {
    if (this.#open !== null && this.#open.device.fault === undefined) return this.#open;
    assert(this.#sparse !== undefined, "a thread with a GPU is given the matrices");
    const msm = await open();
    const { device } = msm;
    try {
      // closing it closes the device; the processor's engine stays
      const cpu = { ...this.#cpu.engine, close() {} };
      const engine = await gpuEngine({ msm, cpu });
      const { system, keys } = this.#cpu;
      const recordName = `tasks ${system.s} ${deviceName(device)}`;
      this.#times = (await readRecord(records, recordName, isTimes)) ?? {};
      const { S, CF } = this.#sparse;
      const handles = { S: load(engine.Fp, S), CF: load(engine.Fq, CF), keys };
      this.#open = { setup: setupOf(engine, system, handles), device, recordName };
      return this.#open;
    } catch (error) {
      msm[Symbol.dispose]();
      throw error;
    }
  }

  async #learn(kind: TaskKind, place: "gpu" | "cpu", ms: number): Promise<void> {
    if (this.#open === null || this.#gpu === undefined) return;
    const known = this.#times[kind]?.[place];
    const estimate = known === undefined ? ms : known + TRUST * (ms - known);
    this.#times = { ...this.#times, [kind]: { ...this.#times[kind], [place]: estimate } };
    if (known === undefined) await this.#keep(this.#gpu.records, this.#open.recordName);
  }

  #keep(records: Records, name: string): Promise<void> {
    return records.write(name, JSON.stringify(this.#times));
  }
}

const load = (field: Setup["engine"]["Fp"], { A, B, C }: SparseSetup["S"]): MatrixTriple => ({
  A: field.matrix(A),
  B: field.matrix(B),
  C: field.matrix(C),
});
