import { type ModuleLoader, fetchModules } from "@foldmesh/algebra";

/** From `kernels/` beside the bundle. */
export const loadKernels: ModuleLoader = fetchModules(new URL("kernels/", import.meta.url));
