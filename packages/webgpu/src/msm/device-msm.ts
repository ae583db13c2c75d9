// Commitments on one open device: both curves, keys that stay on it, sizes that fit it.

import { type Curve, ELEMENT_BYTES, type PackedBases, type Point } from "@foldmesh/algebra";
import { chooseLayout } from "../autotune.ts";
import type { Device } from "../device.ts";
import { GpuError } from "../errors.ts";
import type { Records } from "../records.ts";
import type { TimedLayout } from "../wgsl/layout.ts";
import { type BaseChunk, freeBases } from "./bases.ts";
import { CurveMSM, type OnStage, type Scalars, countOf, partOf } from "./msm.ts";
import { largestChunk } from "./plan.ts";
import { Workspace } from "./workspace.ts";

/** Smaller pieces are not worth a GPU: then the CPU does it all. */
const LEAST_CHUNK = 2 ** 10;

export interface DeviceKey {
  readonly curve: Curve;
  readonly msm: CurveMSM;
  readonly bases: PackedBases;
  chunks: readonly BaseChunk[] | null;
}

export class DeviceMSM implements Disposable {
  readonly device: Device;
  readonly layout: TimedLayout;
  readonly #workspace: Workspace;
  readonly #curves = new Map<string, Promise<CurveMSM>>();
  readonly #keys = new Map<object, Promise<DeviceKey>>();
  readonly #uploaded: DeviceKey[] = [];
  #chunk: number;

  constructor(device: Device, layout: TimedLayout) {
    this.device = device;
    this.layout = layout;
    this.#workspace = new Workspace(device);
    const { maxBindingBytes, maxBufferBytes } = device.facts;
    this.#chunk = Math.max(
      LEAST_CHUNK,
      largestChunk(Math.min(maxBindingBytes, maxBufferBytes), layout.rate),
    );
  }

  /** With the layout that is fastest there. The device is closed with it, or when this fails. @throws GpuError */
  static async open(device: Device, records: Records): Promise<DeviceMSM> {
    try {
      return new DeviceMSM(device, await chooseLayout(device, records));
    } catch (error) {
      device[Symbol.dispose]();
      throw error;
    }
  }

  /** Most points that are multiplied at a time. */
  get chunk(): number {
    return this.#chunk;
  }

  /**
   * A key, uploaded when it is first used.
   * @param owner what the key is known by: whoever names the same one shares its bases
   * @throws GpuError
   */
  key(curve: Curve, bases: PackedBases, owner: object = bases): Promise<DeviceKey> {
    const key = this.#keys.get(owner) ?? this.#newKey(curve, bases);
    this.#keys.set(owner, key);
    return key;
  }

  async #newKey(curve: Curve, bases: PackedBases): Promise<DeviceKey> {
    const { R, offset } = bases;
    const name = `${curve.name} ${R} ${offset}`;
    const opening =
      this.#curves.get(name) ??
      CurveMSM.open(curve, this.device, this.#workspace, this.layout, { R, offset });
    this.#curves.set(name, opening);
    const key: DeviceKey = { curve, msm: await opening, bases, chunks: null };
    this.#uploaded.push(key);
    return key;
  }

  /**
   * Σ scalarᵢ·Gᵢ over the key's first bases. Where memory does not suffice, in smaller and smaller pieces.
   * @throws GpuError OUT_OF_MEMORY when even the smallest pieces do not fit; LOST, HUNG, INVALID
   */
  async multiply(key: DeviceKey, scalars: Scalars): Promise<Point | null> {
    for (;;) {
      try {
        return await this.#multiply(key, scalars);
      } catch (error) {
        if (!(error instanceof GpuError && error.code === "OUT_OF_MEMORY")) throw error;
        this.#shrink(error);
      }
    }
  }

  async #multiply(key: DeviceKey, scalars: Scalars): Promise<Point | null> {
    key.chunks ??= await key.msm.upload(key.bases.bytes, this.#chunk);
    let sum: Point | null = null;
    for (const chunk of key.chunks) {
      const part = partOf(scalars, chunk.start, chunk.count);
      if (countOf(part) > 0) sum = key.curve.add(sum, await key.msm.multiply(chunk, part));
    }
    return sum;
  }

  /** Time of each stage of the first chunk's multiplication. @throws GpuError */
  async profile(key: DeviceKey, scalars: Uint8Array<ArrayBuffer>, onStage: OnStage): Promise<void> {
    key.chunks ??= await key.msm.upload(key.bases.bytes, this.#chunk);
    const [chunk] = key.chunks;
    if (chunk === undefined) return;
    const part = scalars.subarray(0, ELEMENT_BYTES * chunk.count);
    await key.msm.profile(chunk, part, onStage);
  }

  #shrink(error: GpuError): void {
    this.#workspace[Symbol.dispose]();
    for (const key of this.#uploaded) {
      freeBases(key.chunks ?? []);
      key.chunks = null;
    }
    this.#chunk /= 2;
    if (this.#chunk < LEAST_CHUNK) throw error;
  }

  [Symbol.dispose](): void {
    this.#workspace[Symbol.dispose]();
    for (const { chunks } of this.#uploaded) freeBases(chunks ?? []);
    this.device[Symbol.dispose]();
  }
}
