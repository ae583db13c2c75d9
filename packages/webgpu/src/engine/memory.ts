// Vectors' memory on the GPU: buffers by size class, given back at the end of a scope and used again;
// commands collected until something is read.

import { GpuError } from "../errors.ts";
import type { Device } from "../device.ts";
import { type Program, dispatch, readBack, storageBuffer } from "../kernel.ts";

/** Commands that are collected before they are sent: the GPU should not idle meanwhile. */
const BATCH = 64;
/** Buffers that wait for use again, in bytes. */
const KEPT = 2 ** 31;
const SMALLEST = 1024;

export class VectorMemory implements Disposable {
  readonly device: Device;
  readonly #live: GPUBuffer[] = [];
  readonly #free = new Map<number, GPUBuffer[]>();
  #kept = 0;
  #encoder: GPUCommandEncoder | null = null;
  #collected = 0;

  constructor(device: Device) {
    this.device = device;
  }

  /** At least so many bytes, contents undefined; free at the end of the scope. @throws GpuError OUT_OF_MEMORY */
  allocate(bytes: number): GPUBuffer {
    const size = SMALLEST * 2 ** Math.max(0, Math.ceil(Math.log2(bytes / SMALLEST)));
    const { maxBindingBytes } = this.device.facts;
    if (bytes > maxBindingBytes) {
      const message = `a vector of ${bytes} bytes, and the GPU binds ${maxBindingBytes}`;
      throw new GpuError("OUT_OF_MEMORY", message);
    }
    const again = this.#free.get(size)?.pop();
    if (again !== undefined) this.#kept -= again.size;
    const buffer = again ?? storageBuffer(this.device, Math.min(size, maxBindingBytes));
    this.#live.push(buffer);
    return buffer;
  }

  mark(): number {
    return this.#live.length;
  }

  release(mark: number): void {
    for (const buffer of this.#live.splice(mark)) {
      if (this.#kept + buffer.size > KEPT) {
        this.flush(); // commands that wait still need it
        buffer.destroy();
        continue;
      }
      const same = this.#free.get(buffer.size) ?? [];
      same.push(buffer);
      this.#free.set(buffer.size, same);
      this.#kept += buffer.size;
    }
  }

  run(
    program: Program,
    buffers: readonly GPUBuffer[],
    threads: number,
    params: readonly number[],
  ): void {
    if (threads === 0) return;
    dispatch(this.device, this.encoder(), program, buffers, threads, params);
    if (++this.#collected >= BATCH) this.flush();
  }

  encoder(): GPUCommandEncoder {
    this.#encoder ??= this.device.handle.createCommandEncoder();
    return this.#encoder;
  }

  flush(): void {
    if (this.#encoder === null) return;
    this.device.handle.queue.submit([this.#encoder.finish()]);
    this.#encoder = null;
    this.#collected = 0;
  }

  /** Bytes into a buffer, after everything that was asked before. */
  write(buffer: GPUBuffer, offset: number, bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes.length === 0) return;
    this.flush();
    this.device.handle.queue.writeBuffer(buffer, offset, bytes);
  }

  /** @throws GpuError LOST, HUNG, INVALID */
  async read(buffer: GPUBuffer, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    if (bytes === 0) return new Uint8Array();
    const encoder = this.encoder();
    this.#encoder = null;
    this.#collected = 0;
    return readBack(this.device, encoder, buffer, bytes);
  }

  [Symbol.dispose](): void {
    this.flush();
    this.release(0);
    for (const buffers of this.#free.values()) for (const buffer of buffers) buffer.destroy();
    this.#free.clear();
  }
}
