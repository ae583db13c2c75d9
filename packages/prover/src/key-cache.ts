// Generators on disk: derived once, in blocks, checked by hash whenever they are loaded. Generators are
// public constants of the protocol, so a block is right or wrong; blocks whose hash is pinned here are
// safe even from whoever can write to the cache, the others only from accidents.

import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ProverError } from "./errors.ts";

/** Generators in one block of the long list w: 2 MiB. */
export const BLOCK_POINTS: number = 2 ** 15;
export const POINT_BYTES = 64;

/** SHA-256 of the first blocks of w; block 0 is pinned by the reference's vectors as well. */
const PINNED: Readonly<Record<string, string>> = {};

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** A named constant file: SHA-256 (32 bytes) then content. */
export interface CachedFile {
  readonly name: string;
  readonly bytes: number;
}

/** The content, or null when it is not there or damaged (the caller derives it again). */
export async function readCached(dir: string, file: CachedFile): Promise<Uint8Array | null> {
  let stored: Buffer;
  try {
    stored = await readFile(join(dir, file.name));
  } catch {
    return null;
  }
  if (stored.length !== 32 + file.bytes) return null;
  const content = stored.subarray(32);
  const hash = hashOf(content);
  if (hash !== stored.subarray(0, 32).toString("hex")) return null;
  if ((PINNED[file.name] ?? hash) !== hash) return null;
  return content;
}

/** Writes to a name of its own, then renames: a reader never sees half a file. */
export async function writeCached(
  dir: string,
  file: CachedFile,
  content: Uint8Array,
): Promise<void> {
  const hash = hashOf(content);
  if ((PINNED[file.name] ?? hash) !== hash) {
    throw new ProverError(
      "CACHE",
      `derived generators ${file.name} differ from the pinned ones: this machine computes wrongly`,
    );
  }
  const temporary = join(dir, `.${file.name}.${randomBytes(6).toString("hex")}`);
  try {
    await mkdir(dir, { recursive: true });
    await writeFile(temporary, Buffer.concat([Buffer.from(hash, "hex"), content]));
    await rename(temporary, join(dir, file.name));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {}); // the directory itself may be the trouble
    throw new ProverError(
      "CACHE",
      `cannot write to the cache directory ${dir}: choose another with --cache (${(cause as Error).message})`,
      { cause },
    );
  }
}

export const wBlock = (block: number): CachedFile => ({
  name: `g1-w-v1-${String(block).padStart(4, "0")}.bin`,
  bytes: BLOCK_POINTS * POINT_BYTES,
});
