// GPUs for proving threads: each GPU belongs to one thread, whose commitments it shares with it; the
// other threads prove on the processor alone.

import { join } from "node:path";
import type { MSMFactory } from "@foldmesh/algebra";
import { DeviceMSM, type Records, gpuMSM } from "@foldmesh/webgpu";
import { fileRecords, openNodeDevice } from "@foldmesh/webgpu/node";
import { type Stoppable, isStopped } from "./reply.ts";

/**
 * "auto": the system's preferred GPU where there is one. "any": software too, which is slower than no GPU.
 * Names: several GPUs, as Dawn calls them.
 */
export type GpuChoice = "off" | "auto" | "any" | readonly string[];

/** What threads need to share GPUs among them: plain data. */
export interface GpuInit {
  /** GPUs taken so far. */
  readonly taken: Int32Array<SharedArrayBuffer>;
  /** Threads that wait for a GPU now: ended, they take the process with them (Dawn). */
  readonly waiting: Int32Array<SharedArrayBuffer>;
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
    taken: sharedCounter(),
    waiting: sharedCounter(),
    adapters: typeof choice === "string" ? [""] : [...new Set(choice)],
    software: choice !== "auto",
    records: recordsDirectory(cacheDir),
  };
}

const sharedCounter = (): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** A GPU that is this thread's. */
export interface OwnGpu {
  /** One device for all who ask, and another after it failed or was closed. */
  readonly open: () => Promise<DeviceMSM>;
  readonly records: Records;
  /** The task that the GPU works for from now on: stopped, it gives the device up. */
  readonly serve: (task: Stoppable) => void;
}

/** A GPU for each of the first threads that ask, none for the others. */
export function takeGpu(init: GpuInit | undefined): OwnGpu | undefined {
  if (init === undefined) return undefined;
  const adapter = init.adapters[Atomics.add(init.taken, 0, 1)];
  if (adapter === undefined) return undefined;
  const { software, waiting } = init;
  const records = fileRecords(init.records);
  let served: Stoppable | undefined;
  const watch = {
    isStopped: () => served !== undefined && isStopped(served),
    count: (change: number) => void Atomics.add(waiting, 0, change),
  };
  return {
    open: reopened(async () =>
      DeviceMSM.open(await openNodeDevice(adapter, { software, watch }), records),
    ),
    records,
    serve: (task) => (served = task),
  };
}

export function reopened(open: () => Promise<DeviceMSM>): () => Promise<DeviceMSM> {
  let latest: Promise<DeviceMSM> | undefined;
  return async () => {
    const known = await latest?.catch(() => undefined);
    if (known !== undefined && known.device.fault === undefined) return known;
    latest = open();
    return latest;
  };
}

/** The processor's engine with its long commitments made by the GPU. */
export const commitmentsOn = (gpu: OwnGpu | undefined): MSMFactory | undefined =>
  gpu === undefined ? undefined : (context) => gpuMSM(context, gpu);
