// Algebra's MSM port with a GPU behind it: each commitment goes where it is expected to be done first;
// whatever happens to the GPU, the CPU does the work instead.

import {
  type Curve,
  type CurveName,
  ELEMENT_BYTES,
  G1,
  Grumpkin,
  type KeyDescriptor,
  type MSM,
  type MSMPort,
  type Point,
  type WasmContext,
  packedBases,
  wasmMSM,
} from "@foldmesh/algebra";
import { deviceName } from "../autotune.ts";
import type { AdapterFacts } from "../device.ts";
import { GpuError } from "../errors.ts";
import { type Records, noRecords } from "../records.ts";
import { layoutName } from "../wgsl/layout.ts";
import {
  type Costs,
  type Timing,
  costsFrom,
  observeCpu,
  observeGpu,
  prefersGpu,
  readCosts,
  testScalars,
  weightOf,
} from "./costs.ts";
import type { DeviceKey, DeviceMSM } from "./device-msm.ts";

const CURVES: Readonly<Record<CurveName, Curve>> = { G1, Grumpkin };

/** Fewer points are never sent to a GPU: its answer alone takes longer. */
const LEAST_POINTS = 2 ** 10;
/** A device that failed so often is not opened again. */
const MOST_FAILURES = 3;

/** What happened, for logs and tests. Where a commitment was done does not show in its result. */
export type GpuEvent =
  | {
      readonly type: "opened";
      readonly facts: AdapterFacts;
      readonly layout: string;
      readonly costs: Costs;
    }
  | {
      readonly type: "commit";
      readonly on: "gpu" | "cpu";
      readonly points: number;
      readonly ms: number;
    }
  | { readonly type: "failed"; readonly error: GpuError; readonly final: boolean };

export interface GpuMSMOptions {
  /** Opens the device: when it is first needed, and again after it was lost. Others may use and close it too. */
  readonly open: () => Promise<DeviceMSM>;
  readonly records?: Records | undefined;
  /** Instead of measuring and learning. */
  readonly costs?: Costs | undefined;
  readonly onEvent?: ((event: GpuEvent) => void) | undefined;
}

export interface GpuMSM extends MSMPort, Disposable {}

/** `attachEngine(init, (context) => gpuMSM(context, options))`: the engine of a GPU in this thread. */
export function gpuMSM(context: WasmContext, options: GpuMSMOptions): GpuMSM {
  return new RoutedMSM(context, options);
}

interface Ready {
  readonly msm: DeviceMSM;
  costs: Costs;
  readonly keys: Map<KeyDescriptor, DeviceKey>;
}

class RoutedMSM implements GpuMSM {
  readonly #context: WasmContext;
  readonly #options: GpuMSMOptions;
  readonly #cpu: MSM;
  #ready: Ready | null = null;
  #failures = 0;
  /** The device does one thing at a time. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(context: WasmContext, options: GpuMSMOptions) {
    this.#context = context;
    this.#options = options;
    this.#cpu = wasmMSM(context);
  }

  prepareKey(curve: CurveName, bases: Uint8Array, blinding: Point): KeyDescriptor {
    return this.#cpu.prepareKey(curve, bases, blinding);
  }

  async commit(
    key: KeyDescriptor,
    scalars: number,
    n: number,
    blind: bigint,
  ): Promise<Point | null> {
    const cpu = (weight: number): Promise<Point | null> =>
      this.#onCpu(n, weight, () => this.#cpu.commit(key, scalars, n, blind));
    if (n < LEAST_POINTS || this.#failures >= MOST_FAILURES) return cpu(0);
    const words = new Uint32Array(this.#context.memory.buffer, scalars, (ELEMENT_BYTES / 4) * n);
    const weight = weightOf(words);
    if (weight < LEAST_POINTS / 8) return cpu(weight); // zeros and bits: the CPU is done at once
    if (this.#ready !== null && !prefersGpu(this.#ready.costs, n, weight)) return cpu(weight);
    // both before anything is waited for: the memory is the caller's
    const copy = new Uint8Array(words.length * 4);
    copy.set(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
    const { curve, sum } = await this.#sumAnywhere(key, copy, weight);
    return curve.add(sum, this.#cpu.sumRanges(key, 0, [], blind));
  }

  /** @param weight 0 where it is not known: the time then teaches nothing */
  async #onCpu(
    points: number,
    weight: number,
    work: () => Promise<Point | null>,
  ): Promise<Point | null> {
    const started = performance.now();
    const sum = await work();
    const ms = performance.now() - started;
    if (weight >= LEAST_POINTS) this.#learn((costs) => observeCpu(costs, weight, ms));
    this.#options.onEvent?.({ type: "commit", on: "cpu", points, ms });
    return sum;
  }

  #learn(from: (costs: Costs) => Costs): void {
    if (this.#ready === null || this.#options.costs !== undefined) return;
    this.#ready.costs = from(this.#ready.costs);
  }

  async #sumAnywhere(
    key: KeyDescriptor,
    scalars: Uint8Array<ArrayBuffer>,
    weight: number,
  ): Promise<{ curve: Curve; sum: Point | null }> {
    const points = scalars.length / ELEMENT_BYTES;
    const curve = CURVES[key.curve];
    try {
      const sum = await this.#inTurn(async () => {
        const ready = await this.#open(key);
        if (!prefersGpu(ready.costs, points, weight)) return undefined;
        const deviceKey = await this.#keyOf(ready, key);
        const started = performance.now();
        const onGpu = await ready.msm.multiply(deviceKey, scalars);
        const ms = performance.now() - started;
        this.#learn((costs) => observeGpu(costs, { points, ms }));
        this.#options.onEvent?.({ type: "commit", on: "gpu", points, ms });
        return onGpu;
      });
      if (sum !== undefined) return { curve, sum };
    } catch (error) {
      this.#fail(error);
    }
    return {
      curve,
      sum: await this.#onCpu(points, weight, async () => this.#sumHere(key, scalars)),
    };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }

  /** Σ on the CPU, of scalars that are not in the engine's memory. */
  #sumHere(key: KeyDescriptor, scalars: Uint8Array): Point | null {
    const { task, memory } = this.#context;
    const mark = task.mark();
    try {
      const address = task.alloc(scalars.length);
      new Uint8Array(memory.buffer, address, scalars.length).set(scalars);
      return this.#cpu.sumRanges(key, address, [[0, scalars.length / ELEMENT_BYTES]]);
    } finally {
      task.release(mark);
    }
  }

  #fail(cause: unknown): void {
    const error =
      cause instanceof GpuError ? cause : new GpuError("INVALID", String(cause), { cause });
    const missing = error.code === "NO_ADAPTER" || error.code === "NO_WEBGPU";
    this.#failures = missing || error.code === "OUT_OF_MEMORY" ? MOST_FAILURES : this.#failures + 1;
    this.#close();
    this.#options.onEvent?.({ type: "failed", error, final: this.#failures >= MOST_FAILURES });
  }

  // ---- opening

  async #open(key: KeyDescriptor): Promise<Ready> {
    if (this.#failures >= MOST_FAILURES) throw new GpuError("LOST", "the GPU was given up");
    if (this.#ready !== null && this.#ready.msm.device.fault === undefined) return this.#ready;
    const { open, onEvent } = this.#options;
    const msm = await open();
    const { device, layout } = msm;
    try {
      const deviceKey = await msm.key(CURVES[key.curve], packedBases(this.#context, key), key);
      const costs = await this.#costs(msm, key, deviceKey);
      this.#ready = { msm, costs, keys: new Map([[key, deviceKey]]) };
      onEvent?.({ type: "opened", facts: device.facts, layout: layoutName(layout), costs });
      return this.#ready;
    } catch (error) {
      msm[Symbol.dispose]();
      throw error;
    }
  }

  async #keyOf({ msm, keys }: Ready, key: KeyDescriptor): Promise<DeviceKey> {
    let known = keys.get(key);
    if (known === undefined) {
      known = await msm.key(CURVES[key.curve], packedBases(this.#context, key), key);
      await this.#prove(msm, key, known);
      keys.set(key, known);
    }
    return known;
  }

  /** A key's first use: the GPU must find what the CPU finds. @throws GpuError INVALID */
  async #prove(msm: DeviceMSM, key: KeyDescriptor, deviceKey: DeviceKey): Promise<void> {
    const scalars = testScalars(Math.min(key.length, LEAST_POINTS));
    const [there, here] = [await msm.multiply(deviceKey, scalars), this.#sumHere(key, scalars)];
    if (!same(there, here)) {
      throw new GpuError("INVALID", "the GPU computes wrongly: its sum is not the CPU's");
    }
  }

  async #costs(msm: DeviceMSM, key: KeyDescriptor, deviceKey: DeviceKey): Promise<Costs> {
    await this.#prove(msm, key, deviceKey);
    if (this.#options.costs !== undefined) return this.#options.costs;
    const { records = noRecords } = this.#options;
    const name = `costs ${this.#context.backend} ${layoutName(msm.layout)} ${deviceName(msm.device)}`;
    const known = await readCosts(records, name);
    if (known !== null) return known;
    const costs = await this.#measure(msm, key, deviceKey);
    await records.write(name, JSON.stringify(costs));
    return costs;
  }

  /** Two sizes, and larger ones while the GPU needs less than 50 ms. */
  async #measure(msm: DeviceMSM, key: KeyDescriptor, deviceKey: DeviceKey): Promise<Costs> {
    const gpu: Timing[] = [];
    for (let points = LEAST_POINTS; ; points *= 4) {
      const size = Math.min(points, key.length);
      const scalars = testScalars(size);
      await msm.multiply(deviceKey, scalars); // buffers and caches as for later ones
      const ms = await timed(() => msm.multiply(deviceKey, scalars));
      gpu.push({ points: size, ms });
      if (size === key.length || (ms > 50 && gpu.length > 1)) break;
    }
    const size = Math.min(key.length, 4 * LEAST_POINTS);
    const scalars = testScalars(size);
    this.#sumHere(key, scalars);
    const cpu = { points: size, ms: await timed(async () => this.#sumHere(key, scalars)) };
    return costsFrom(gpu, cpu);
  }

  #close(): void {
    this.#ready?.msm[Symbol.dispose]();
    this.#ready = null;
  }

  [Symbol.dispose](): void {
    this.#failures = MOST_FAILURES;
    this.#close();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const same = (a: Point | null, b: Point | null): boolean =>
  a === null || b === null ? a === b : a[0] === b[0] && a[1] === b[1];
