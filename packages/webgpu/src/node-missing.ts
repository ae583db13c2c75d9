// Why Dawn finds no GPU on this machine: the parts that it needs, looked for one after the other.

import { existsSync, readdirSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";

/** What is asked of a system. */
export interface Probes {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the dynamic linker finds a library. */
  readonly hasLibrary: (name: string) => boolean;
  readonly exists: (path: string) => boolean;
  /** Names in a directory; none where there is no directory. */
  readonly list: (directory: string) => readonly string[];
}

const DRIVERS =
  "mesa-vulkan-drivers for AMD and Intel, NVIDIA's own for NVIDIA; on a headless NVIDIA machine VK_DRIVER_FILES may have to name the driver's ICD json";
const DIRECTORIES = ["/etc", "/usr/share", "/usr/local/etc", "/usr/local/share"];

/** A sentence that names the first part that is missing, and what to do. */
export function missingHere(probes: Probes = HERE): string {
  const { platform, env, hasLibrary, exists, list } = probes;
  if (platform !== "linux") return "Update the system and the GPU's driver";
  if (!hasLibrary("libvulkan.so.1")) {
    return `The Vulkan loader is missing: install libvulkan1, and the GPU's Vulkan driver (${DRIVERS})`;
  }
  const named = env["VK_DRIVER_FILES"] ?? env["VK_ICD_FILENAMES"];
  if (named !== undefined) {
    const lost = named.split(delimiter).filter((path) => !exists(path));
    if (lost.length > 0) return `VK_DRIVER_FILES names ${lost.join(", ")}, which is not there`;
  }
  const installed = DIRECTORIES.flatMap((at) => list(join(at, "vulkan", "icd.d")));
  if (named === undefined && installed.length === 0) {
    return `No Vulkan driver is installed (${DRIVERS})`;
  }
  const drivers = named ?? installed.join(", ");
  return `No Vulkan driver found its GPU (${drivers}): is it another vendor's, is the GPU given to this container, may this user open /dev/dri and /dev/nvidia*`;
}

const HERE: Probes = {
  platform: process.platform,
  env: process.env,
  hasLibrary(name) {
    try {
      process.dlopen({ exports: {} }, name, constants.dlopen.RTLD_LAZY);
      return true;
    } catch (error) {
      return !/cannot open shared object file/.test(String(error)); // found, but no module of Node's
    }
  },
  exists: existsSync,
  list(directory) {
    try {
      return readdirSync(directory);
    } catch {
      return [];
    }
  },
};
