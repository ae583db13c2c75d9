import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PROGRAM_FILES, type ProgramBytes, type ProgramFile, parseManifest } from "@foldmesh/r1cs";
import { loadProgram } from "@foldmesh/r1cs/node";
import type { Bundle } from "../bundle.ts";

/**
 * A program directory as a bundle; everything in it is checked as `loadProgram` checks it.
 * @throws R1CSError NOT_FOUND, CORRUPT, …
 */
export async function readBundle(directory: string): Promise<Bundle> {
  const { manifest } = await loadProgram(directory);
  const files = await Promise.all(
    PROGRAM_FILES.map(
      async (name) => [name, new Uint8Array(await readFile(join(directory, name)))] as const,
    ),
  );
  // what travels is what parseManifest reads: unknown fields of the file stay behind
  return {
    manifest: parseManifest(JSON.stringify(manifest)),
    files: Object.fromEntries(files) as Record<ProgramFile, Uint8Array> as ProgramBytes,
  };
}
