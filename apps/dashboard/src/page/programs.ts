// Programs as the page gets them: with itself, or from the visitor's disk. Never from the node that it dials.

import type { Bundle } from "@foldmesh/client";
import {
  type Manifest,
  PROGRAM_FILES,
  type ProgramBytes,
  type ProgramFile,
  parseManifest,
} from "@foldmesh/r1cs";

type Read = (name: string) => Promise<Uint8Array>;

/** A program that came with the page. */
export const bundledProgram = (name: string): Promise<Bundle> =>
  readProgram(async (file) => {
    const response = await fetch(new URL(`programs/${name}/${file}`, document.baseURI));
    if (!response.ok) throw new Error(`this page came without ${file} of the program ${name}`);
    return response.bytes();
  });

/** The files of a program's directory. */
export function programOfFiles(files: Iterable<File>): Promise<Bundle> {
  const named = new Map([...files].map((file) => [file.name, file]));
  return readProgram(async (name) => {
    const file = named.get(name);
    if (file === undefined) {
      throw new Error(
        `${name} is missing: choose all of program.json, ${PROGRAM_FILES.join(", ")} of a directory that "foldmesh program build" made`,
      );
    }
    return file.bytes();
  });
}

async function readProgram(read: Read): Promise<Bundle> {
  const manifest: Manifest = parseManifest(new TextDecoder().decode(await read("program.json")));
  const entries = await Promise.all(
    PROGRAM_FILES.map(async (name) => [name, await read(name)] as const),
  );
  return {
    manifest,
    files: Object.fromEntries(entries) as Record<ProgramFile, Uint8Array> as ProgramBytes,
  };
}
