// GPUs for proving threads: each GPU belongs to one thread, whose commitments it shares with it; the
// other threads prove on the processor alone.

import { join } from "node:path";
import type { MSMFactory } from "@foldmesh/algebra";
import { type Device, type Records, gpuMSM, openDevice } from "@foldmesh/webgpu";
import { fileRecords, nodeGpu } from "@foldmesh/webgpu/node";

/**
 * "auto": the system's preferred GPU where there is one. "any": software too, which is slower than no GPU.
 * Names: several GPUs, as Dawn calls them.
 */
export type GpuChoice = "off" | "auto" | "any" | readonly string[];

/** What threads need to share GPUs among them: plain data. */
export interface GpuInit {
  /** GPUs taken so far. */
  readonly taken: Int32Array<SharedArrayBuffer>;
  /** One for each GPU; "" for the preferred one. */
  readonly adapters: readonly string[];
  readonly software: boolean;
  /** Where measurements of GPUs are kept. */
  readonly records: string;
}

export const recordsDirectory = (cacheDir: string): string => join(cacheDir, "gpu");

export function gpuInit(choice: GpuChoice, cacheDir: string): GpuInit | undefined {
  if (choice === "off") return undefined;
  return {
    taken: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
    adapters: typeof choice === "string" ? [""] : choice,
    software: choice !== "auto",
    records: recordsDirectory(cacheDir),
  };
}

/** A GPU that is this thread's. */
export interface OwnGpu {
  readonly open: () => Promise<Device>;
  readonly records: Records;
}

/** A GPU for each of the first threads that ask, none for the others. */
export function takeGpu(init: GpuInit | undefined): OwnGpu | undefined {
  if (init === undefined) return undefined;
  const adapter = init.adapters[Atomics.add(init.taken, 0, 1)];
  if (adapter === undefined) return undefined;
  const { software } = init;
  return {
    open: async () => openDevice(await nodeGpu(adapter), { software }),
    records: fileRecords(init.records),
  };
}

/** The processor's engine with its long commitments made by the GPU. */
export const commitmentsOn = (gpu: OwnGpu | undefined): MSMFactory | undefined =>
  gpu === undefined ? undefined : (context) => gpuMSM(context, gpu);
