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
}

/**
 * Opens the GPU and times a commitment. The first time takes seconds, later ones know the GPU.
 * @param options.software whether software that plays a GPU counts; default false
 */
export async function reportGpu(
  cacheDir: string,
  options: { readonly software?: boolean; readonly signal?: AbortSignal } = {},
): Promise<GpuReport> {
  const { software = false, signal } = options;
  const workerData: ReportInit = { records: recordsDirectory(cacheDir), software };
  const worker = new Worker(new URL("./gpu-report-worker.ts", import.meta.url), {
    workerData,
    execArgv: [],
  });
  const stop = (): void => void worker.terminate();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await new Promise<GpuReport>((resolve, reject) => {
      worker.once("message", resolve).once("error", reject);
      worker.once("exit", () => reject(new Error("the thread that looks for a GPU has ended")));
    });
  } finally {
    signal?.removeEventListener("abort", stop);
    await worker.terminate();
  }
}
