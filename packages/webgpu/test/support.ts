import { GpuError, type Device, openDevice } from "../src/index.ts";
import { nodeGpu } from "../src/node.ts";

/** The machine's GPU, or lavapipe; null with a sentence where there is neither. */
export async function anyDevice(): Promise<Device | null> {
  try {
    return await openDevice(await nodeGpu());
  } catch (error) {
    if (!(error instanceof GpuError)) throw error;
    console.warn(`no GPU and no lavapipe (.ci/lavapipe installs it): ${error.message}`);
    return null;
  }
}
