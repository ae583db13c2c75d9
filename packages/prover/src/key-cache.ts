// Generators on disk: derived once, in blocks, checked by hash whenever they are loaded. Generators are
// public constants of the protocol, so a block is right or wrong; blocks whose hash is pinned here are
// safe even from whoever can write to the cache, the others only from accidents.

import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BASES_DIGESTS, BLOCK_POINTS, GENERATORS_DIGEST } from "@foldmesh/folding";
import { ProverError } from "./errors.ts";

export { BLOCK_POINTS };
export const POINT_BYTES = 64;

const blockName = (block: number): string => `g1-w-v1-${String(block).padStart(4, "0")}.bin`;

/**
 * SHA-256 of cached files: the system's small generators and the first 2^18 of w. Later blocks are checked against
 * the hash stored with them.
 */
export const PINNED: Readonly<Record<string, string>> = {
  "system-v1.bin": GENERATORS_DIGEST,
  ...Object.fromEntries(BASES_DIGESTS.map((digest, block) => [blockName(block), digest])),
};

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
    await makeDirectory(dir);
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

/** Node's recursive mkdir never returns where a file system such as /proc takes no directories. */
async function makeDirectory(dir: string): Promise<void> {
  const parent = dirname(dir);
  const isThere = await stat(parent).then(
    () => true,
    () => false,
  );
  if (!isThere) await makeDirectory(parent);
  await mkdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error; // a file in its place shows when something is written into it
  });
}

export const wBlock = (block: number): CachedFile => ({
  name: blockName(block),
  bytes: BLOCK_POINTS * POINT_BYTES,
});
