// Build step (Node): writes every generated module to build/*.wasm. Run by `turbo run wasm`.

import { mkdirSync, writeFileSync } from "node:fs";
import { moduleRecipes } from "./modules.ts";

const directory = new URL("../../build/", import.meta.url);
mkdirSync(directory, { recursive: true });
for (const [name, recipe] of Object.entries(moduleRecipes())) {
  const bytes = recipe();
  if (!WebAssembly.validate(bytes)) throw new Error(`${name}: the generated module is invalid`);
  writeFileSync(new URL(`${name}.wasm`, directory), bytes);
  console.log(`${name}.wasm ${bytes.length} bytes`);
}
