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

/** Names of this machine's GPUs, for `nodeGpu`. Two of one model have one name: Dawn then takes the first. */
export async function adapterNames(): Promise<string[]> {
  try {
    const { create } = await import("webgpu");
    create([`adapter=${NOBODY}`]); // Dawn has no list, but tells it to whoever asks for one that is not there
    return [];
  } catch (error) {
    return [...messageOf(error).matchAll(/name: '(.*)'/g)].map(([, name]) => name!);
  }
}

const NOBODY = "?";

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
