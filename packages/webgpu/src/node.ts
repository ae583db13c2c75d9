// WebGPU outside browsers: Dawn, as the `webgpu` package brings it.

import { GpuError } from "./errors.ts";

export { fileRecords } from "./node-records.ts";

/** A collected instance crashes or hangs the process (dawn.node), so it is referenced for good. */
const instances = new Map<string, GPU>();

/**
 * @param adapter the name of one of several GPUs, as `adapterNames` gives it; default: the system's choice
 * @throws GpuError NO_WEBGPU when there is no Dawn for this system
 */
export async function nodeGpu(adapter = ""): Promise<GPU> {
  const known = instances.get(adapter);
  if (known !== undefined) return known;
  try {
    const { create } = await import("webgpu");
    const gpu = create(adapter === "" ? [] : [`adapter=${adapter}`]) as unknown as GPU;
    instances.set(adapter, gpu);
    return gpu;
  } catch (cause) {
    throw new GpuError(
      "NO_WEBGPU",
      `WebGPU cannot be used here: the package "webgpu" has no working build for ${process.platform} ${process.arch} (${messageOf(cause)})`,
      { cause },
    );
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
