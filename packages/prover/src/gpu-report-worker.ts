import { parentPort, workerData } from "node:worker_threads";
import { assert } from "@foldmesh/algebra";
import { GpuError, measureSpeed } from "@foldmesh/webgpu";
import { fileRecords, openNodeDevice } from "@foldmesh/webgpu/node";
import type { GpuReport, ReportInit } from "./gpu-report.ts";

assert(parentPort !== null, "gpu-report-worker.ts runs as a worker");
const { records, software, adapter } = workerData as ReportInit;
parentPort.postMessage(await report());

async function report(): Promise<GpuReport> {
  try {
    using device = await openNodeDevice(adapter, { software });
    return { ok: true, ...(await measureSpeed(device, fileRecords(records))) };
  } catch (error) {
    if (!(error instanceof GpuError)) throw error;
    return { ok: false, code: error.code, message: error.message };
  }
}
