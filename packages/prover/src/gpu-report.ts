// What GPU there is, or what is missing; asked in a thread of its own, because waiting for a GPU is busy.

import { Worker } from "node:worker_threads";
import { type GpuErrorCode, type GpuSpeed } from "@foldmesh/webgpu";
import { recordsDirectory } from "./gpu.ts";

export type GpuReport =
  | ({ readonly ok: true } & GpuSpeed)
  | { readonly ok: false; readonly code: GpuErrorCode; readonly message: string };

export interface ReportInit {
  readonly records: string;
  readonly software: boolean;
  readonly adapter: string;
}

/**
 * Opens the GPU and times a commitment. The first time takes seconds, later ones know the GPU.
 * @param options.adapter the name of one of several; default: the system's preferred one
 * @param options.software whether software that plays a GPU counts; default false
 */
export async function reportGpu(
  cacheDir: string,
  options: {
    readonly adapter?: string;
    readonly software?: boolean;
  } = {},
): Promise<GpuReport> {
  const { adapter = "", software = false } = options;
  const workerData: ReportInit = { records: recordsDirectory(cacheDir), software, adapter };
  const worker = new Worker(new URL("./gpu-report-worker.ts", import.meta.url), {
    workerData,
    execArgv: [],
  });
  // never ended before it has answered: Dawn aborts the process when a thread ends that waits for a GPU
  try {
    return await new Promise<GpuReport>((resolve, reject) => {
      worker.once("message", resolve).once("error", reject);
      worker.once("exit", () => reject(new Error("the thread that looks for a GPU has ended")));
    });
  } finally {
    await worker.terminate();
  }
}
