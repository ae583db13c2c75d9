import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { R1CSError } from "../errors.ts";
import { MANIFEST_FILE, PROGRAM_FILES, type ProgramFile, parseManifest } from "../manifest.ts";
import { type Program, openProgram } from "../program.ts";
import { fileReason } from "./file-reason.ts";

const MAX_FILE_BYTES = 2 ** 31 - 1;
/** Of program.json, which names every private input. */
export const MAX_MANIFEST_BYTES: number = 2 ** 22;

/**
 * Reads a program directory: program.json, step.r1cs, step.wasm, step.sym, all checked against each other.
 * @throws R1CSError NOT_FOUND, TOO_LARGE, and those of parseManifest and openProgram
 */
export async function loadProgram(directory: string): Promise<Program> {
  const text = await readFileLimited(join(directory, MANIFEST_FILE), MAX_MANIFEST_BYTES);
  const manifest = parseManifest(new TextDecoder().decode(text));
  const files = await Promise.all(
    PROGRAM_FILES.map(async (name) => {
      const bytes = await readFileLimited(join(directory, name), MAX_FILE_BYTES);
      return [name, bytes] as const;
    }),
  );
  return openProgram(manifest, Object.fromEntries(files) as Record<ProgramFile, Uint8Array>);
}

/** @throws R1CSError NOT_FOUND, TOO_LARGE */
export async function readFileLimited(path: string, limit: number): Promise<Uint8Array> {
  try {
    const entry = await stat(path);
    // A pipe or a device may keep its reader waiting for ever.
    if (!entry.isFile()) throw new R1CSError("NOT_FOUND", `cannot read ${path}: it is no file`);
    if (entry.size > limit) {
      throw new R1CSError(
        "TOO_LARGE",
        `${path} has ${entry.size} bytes, at most ${limit} are read`,
      );
    }
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (error instanceof R1CSError) throw error;
    throw new R1CSError("NOT_FOUND", `cannot read ${path}: ${fileReason(error)}`, { cause: error });
  }
}
