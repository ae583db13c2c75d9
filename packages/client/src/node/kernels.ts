import type { ModuleLoader } from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";

export const loadKernels: ModuleLoader = readModules;
