import { P, Q } from "../field.ts";
import type { Backend } from "./backend.ts";
import { fieldModule } from "./field-module.ts";
import { fma51 } from "./fma51.ts";
import { int29 } from "./int29.ts";

/** Every generated module: file name without extension → how to make its bytes. */
export type ModuleRecipes = Readonly<Record<string, () => Uint8Array<ArrayBuffer>>>;

const BACKENDS: readonly Backend[] = [fma51, int29];

/** "Fp-fma51", "Fq-int29", …: one module per field and backend. */
export const moduleName = (subject: string, backend: string): string => `${subject}-${backend}`;

export function moduleRecipes(): ModuleRecipes {
  const recipes: Record<string, () => Uint8Array<ArrayBuffer>> = {};
  for (const backend of BACKENDS) {
    recipes[moduleName("Fp", backend.name)] = () => fieldModule(backend, "Fp", P);
    recipes[moduleName("Fq", backend.name)] = () => fieldModule(backend, "Fq", Q);
  }
  return recipes;
}
