// Working buffers of multi-scalar multiplications on one device: made when they are first needed, kept
// for the next, and shared by both curves.

import { GpuError } from "../errors.ts";
import type { Device } from "../device.ts";
import { storageBuffer } from "../kernel.ts";
import type { WorkspaceName } from "./plan.ts";

export type Buffers = Readonly<Record<WorkspaceName, GPUBuffer>>;

export class Workspace implements Disposable {
  readonly #device: Device;
  readonly #buffers = new Map<WorkspaceName, GPUBuffer>();

  constructor(device: Device) {
    this.#device = device;
  }

  /**
   * Buffers of at least these sizes in bytes.
   * @throws GpuError OUT_OF_MEMORY; the workspace is then empty
   */
  async reserve(sizes: Readonly<Record<WorkspaceName, number>>): Promise<Buffers> {
    const names = Object.keys(sizes) as WorkspaceName[];
    const small = names.filter((name) => (this.#buffers.get(name)?.size ?? 0) < sizes[name]);
    if (small.length > 0) {
      try {
        await this.#device.checked(() => {
          for (const name of small) this.#replace(name, sizes[name]);
        });
      } catch (error) {
        if (error instanceof GpuError && error.code === "OUT_OF_MEMORY") this[Symbol.dispose]();
        throw error;
      }
    }
    return Object.fromEntries(this.#buffers) as Buffers;
  }

  #replace(name: WorkspaceName, bytes: number): void {
    this.#buffers.get(name)?.destroy();
    this.#buffers.set(name, storageBuffer(this.#device, bytes));
  }

  [Symbol.dispose](): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
  }
}
