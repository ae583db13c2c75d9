// WebGPU outside browsers: Dawn, as the `webgpu` package brings it.

import { type Device, type OpenOptions, openDevice } from "./device.ts";
import { GpuError } from "./errors.ts";
import { missingHere } from "./node-missing.ts";

export { fileRecords } from "./node-records.ts";

/** A collected instance crashes or hangs the process (dawn.node), so it is referenced for good. */
const instances = new Map<string, GPU>();

/** @throws GpuError NO_WEBGPU when there is no Dawn for this system */
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

/**
 * Opens one of this machine's GPUs.
 * @param name as `adapterNames` gives it; "" for the system's choice
 * @throws GpuError NO_WEBGPU; NO_ADAPTER with what is missing; LOST
 */
export async function openNodeDevice(name: string, options: OpenOptions = {}): Promise<Device> {
  if (name !== "") requireReachable(await adapterNames(), name);
  const gpu = await nodeGpu(name);
  try {
    return await openDevice(gpu, options);
  } catch (error) {
    if (!(error instanceof GpuError) || error.code !== "NO_ADAPTER") throw error;
    throw new GpuError("NO_ADAPTER", `${error.message}. ${missingHere()}`, { cause: error });
  }
}

/** Names of this machine's GPUs; the second and later ones of a model end in " #2", " #3" … */
export async function adapterNames(): Promise<string[]> {
  try {
    // Dawn has no list, but tells it to whoever asks for one that is not there
    await (await nodeGpu(NOBODY)).requestAdapter();
    return [];
  } catch (error) {
    return distinct([...messageOf(error).matchAll(/name: '(.*)'/g)].map(([, name]) => name!));
  }
}

const NOBODY = "?";

export const distinct = (names: readonly string[]): string[] =>
  names.map((name, i) => {
    const before = names.slice(0, i).filter((other) => other === name).length;
    return before === 0 ? name : `${name} #${before + 1}`;
  });

/**
 * Dawn opens the first GPU whose name contains what it is asked for.
 * @throws GpuError NO_ADAPTER when that is not the one that is meant: two threads would share one GPU unawares
 */
export function requireReachable(names: readonly string[], name: string): void {
  const listed = names.map((each) => `"${each}"`).join(", ") || "none";
  const fail = (what: string): GpuError =>
    new GpuError("NO_ADAPTER", `${what}; this machine's GPUs: ${listed}`);
  if (!names.includes(name)) throw fail(`there is no GPU "${name}"`);
  if (names.find((each) => each.includes(name)) === name && !/ #\d+$/.test(name)) return;
  throw fail(
    `"${name}" cannot be told from another GPU by its name: start a node for it that sees no other (in a container, say)`,
  );
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
