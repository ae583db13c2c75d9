import { type ModuleLoader, type WasmEngine, createEngine } from "@foldmesh/algebra";
import { loadKernels } from "#kernels";

export interface KernelOptions {
  /** Where the kernels' modules come from. Default: `kernels/` beside the script in a page, the package in Node. */
  readonly load?: ModuleLoader;
  /** Default: the faster `fma51` where this machine has what it needs, else `int29`. */
  readonly backend?: "fma51" | "int29";
}

/** Address space, 1 GiB: a phone refuses more; a key at 2^18 rows takes a third. */
const MAXIMUM_PAGES = 2 ** 14;

/** An engine of one thread. @throws AlgebraError OUT_OF_MEMORY */
export const openEngine = ({ load = loadKernels, backend }: KernelOptions): Promise<WasmEngine> =>
  createEngine({
    load,
    maximumPages: MAXIMUM_PAGES,
    ...(backend !== undefined && { backend }),
  });
