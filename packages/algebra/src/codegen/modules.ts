import { G1, Grumpkin } from "../curve.ts";
import { P, Q } from "../field.ts";
import type { Backend } from "./backend.ts";
import { fieldModule } from "./field-module.ts";
import { fma51 } from "./fma51.ts";
import { int29 } from "./int29.ts";
import { pointModule } from "./point-module.ts";

/** Every generated module: file name without extension → how to make its bytes. */
export type ModuleRecipes = Readonly<Record<string, () => Uint8Array<ArrayBuffer>>>;

const BACKENDS: readonly Backend[] = [fma51, int29];

/** "Fp-fma51", "G1-int29", …: one module per field or curve and backend. */
export const moduleName = (subject: string, backend: string): string => `${subject}-${backend}`;

export function moduleRecipes(): ModuleRecipes {
  const recipes: Record<string, () => Uint8Array<ArrayBuffer>> = {};
  for (const backend of BACKENDS) {
    recipes[moduleName("Fp", backend.name)] = () => fieldModule(backend, "Fp", P);
    recipes[moduleName("Fq", backend.name)] = () => fieldModule(backend, "Fq", Q);
    for (const curve of [G1, Grumpkin]) {
      recipes[moduleName(curve.name, backend.name)] = () => pointModule(backend, curve);
    }
  }
  return recipes;
}
