import { GpuError, type Device } from "../src/index.ts";
import { openNodeDevice } from "../src/node.ts";

/** Software devices compile at the first use, which takes long on a busy machine. */
export const PATIENCE = 300_000;

/** The machine's GPU, or lavapipe; null with a sentence where there is neither. */
export async function anyDevice(): Promise<Device | null> {
  try {
    return await openNodeDevice("", { deadline: PATIENCE });
  } catch (error) {
    if (!(error instanceof GpuError)) throw error;
    console.warn(`no GPU and no lavapipe (.ci/lavapipe installs it): ${error.message}`);
    return null;
  }
}
