import { fileURLToPath } from "node:url";

/** The programs of this package, by name. */
export const PROGRAM_NAMES = ["sha256", "transfers", "minroot"] as const;
export type ProgramName = (typeof PROGRAM_NAMES)[number];

/** The circom file of a program. */
export const circuitFile = (name: ProgramName): string =>
  fileURLToPath(new URL(`../circuits/${name}.circom`, import.meta.url));

/** The program directory of a circuit, built by `pnpm exec turbo run programs`. */
export const programDir = (name: ProgramName): string =>
  fileURLToPath(new URL(`../build/${name}`, import.meta.url));
