import { readFile } from "node:fs/promises";
import type { ModuleLoader } from "./modules.ts";

/** Loader for Node: reads the package's build/, made by `turbo run wasm`. */
export const readModules: ModuleLoader = async (name) => {
  const file = new URL(`../../build/${name}.wasm`, import.meta.url);
  return WebAssembly.compile(await readFile(file));
};
