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

/**
 * SHA-256 of cached files: the system's small generators and the first 2^18 of w. That of block 0 stands
 * in the reference's vectors too. Later blocks are checked against the hash stored with them.
 */
export const PINNED: Readonly<Record<string, string>> = {
  "system-v1.bin": "aa19c7a1e25b31fb6010ff06777cd91a551ab01bfbb00bc0449cb2136248555c",
  "g1-w-v1-0000.bin": "a1ec968aacdf4e732f756619a45b0980d4cb91899cc25545838621c89d0837f2",
  "g1-w-v1-0001.bin": "d7ee3464298cf315e458b70e0417c8584adfdbd3fd93259af105cf3b66f20434",
  "g1-w-v1-0002.bin": "a2a57e77d8f83cd69291ac2bb94e0416b2f5ae45b58c6b56397ed850e59f75c8",
  "g1-w-v1-0003.bin": "775163c06acafdedb93dd6b1b5fab4af2a2381ea3a290c8e34b8c35be310ecc2",
  "g1-w-v1-0004.bin": "631fd01eddb2ea472d151cc06ef2c8af1b3dc26b3557aa995443b6e888d63329",
  "g1-w-v1-0005.bin": "cb0fed8f143613c1dc14c3d733650dc3c9ea1d2cbf051d0b932452886e0f1b2a",
  "g1-w-v1-0006.bin": "1d3df7bffd8fb45dbfc135ceadd657fb2bdc9287294e60be0ee487fbf7441875",
  "g1-w-v1-0007.bin": "7970555865873f6f9f4d03201005645780ad2ee5f9e6b36726d041c1ec3a869a",
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
