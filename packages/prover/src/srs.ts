// Powers of tau from a file of snarkjs. That they are powers is checked once, and remembered by the hash of what was
// checked; the points themselves are read from the file every time, so that nobody can put others into the cache.

import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import {
  AlgebraError,
  type ByteSource,
  G2_BYTES,
  POINT_BYTES,
  type SRS,
  createEngine,
  readKnownPtau,
  readPtau,
  readPtauLayout,
  readTau2,
  secureRng,
} from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import { powersName } from "@foldmesh/folding";
import { ProverError } from "./errors.ts";
import { type CachedFile, readCached, writeCached } from "./key-cache.ts";

/** Bytes hashed at once. */
const CHUNK = 2 ** 22;

/**
 * The first `count` powers of tau of a .ptau file: some tenths of a second for 2^16 of them, half a second more the
 * first time.
 * @throws ProverError KEY when the file cannot be read, is no such file, has too few powers, or points that
 *   are no powers; CACHE
 */
export async function loadSRS(path: string, count: number, cacheDir: string): Promise<SRS> {
  await using handle = await openPtau(path);
  const source = await sourceOf(handle);
  try {
    const passed = await passFileOf(source, count);
    // the check leaves a key in its engine, so that gets one of its own
    const engine = await createEngine({ load: readModules });
    const isKnown = passed !== null && (await readCached(cacheDir, passed)) !== null;
    if (isKnown) return await readKnownPtau(engine, source, count);
    const srs = await readPtau(engine, source, count, secureRng());
    if (passed !== null) await writeCached(cacheDir, passed, new Uint8Array(0));
    return srs;
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Powers of tau in a file, by name. */
export interface Powers {
  /** absolute */
  readonly path: string;
  /** SHA-256 of [τ]₂ as `g2ToBytes` has it, lower-case hex: one τ, one name, however many powers a file has. */
  readonly name: string;
  /** Powers in G1. */
  readonly count: number;
}

/**
 * What a file of powers of tau is called. Only its head is read: `loadSRS` checks the powers.
 * @throws ProverError KEY when it cannot be read or is no such file
 */
export async function namePowers(path: string): Promise<Powers> {
  await using handle = await openPtau(path);
  try {
    const source = await sourceOf(handle);
    const layout = await readPtauLayout(source);
    const name = powersName(await readTau2(source, layout));
    return { path, name, count: 2 ** (layout.power + 1) - 1 };
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): unknown {
  const isOutside = error instanceof AlgebraError || (error instanceof Error && "errno" in error);
  if (!isOutside) return error;
  return new ProverError("KEY", `${path}: ${error.message}`, { cause: error });
}

async function openPtau(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    const message = `cannot read the powers of tau ${path}: ${(cause as Error).message}`;
    throw new ProverError("KEY", message, { cause });
  }
}

async function sourceOf(handle: FileHandle): Promise<ByteSource> {
  const { size } = await handle.stat();
  return {
    size,
    async read(at, length) {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const { bytesRead } = await handle.read(bytes, done, length - done, at + done);
        if (bytesRead === 0) throw new AlgebraError("SRS_FORMAT", "the file became shorter");
        done += bytesRead;
      }
      return bytes;
    },
  };
}

/** An empty file, named by the points that are read; null when the file has too few, which reading it then says. */
async function passFileOf(source: ByteSource, count: number): Promise<CachedFile | null> {
  const { tauG1, tauG2, power } = await readPtauLayout(source);
  if (count > 2 ** (power + 1) - 1) return null;
  const hash = createHash("sha256");
  for (let done = 0; done < count * POINT_BYTES; done += CHUNK) {
    hash.update(await source.read(tauG1 + done, Math.min(CHUNK, count * POINT_BYTES - done)));
  }
  hash.update(await source.read(tauG2, 2 * G2_BYTES));
  return { name: `srs-passed-v1-${hash.digest("hex")}.bin`, bytes: 0 };
}
