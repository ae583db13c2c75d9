import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { NodeError, messageOf } from "./errors.ts";

const KEY_FILE = "node.key";
const SEED_BYTES = 32;

/**
 * The node's Ed25519 seed from its data directory; made there at the first start, readable by its owner only.
 * @throws NodeError DATA_DIR, KEY
 */
export async function loadIdentity(dataDir: string): Promise<Uint8Array> {
  const path = join(dataDir, KEY_FILE);
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const seed = (await readSeed(path)) ?? (await createSeed(path));
    if (seed.length === SEED_BYTES) return seed;
  } catch (cause) {
    throw new NodeError(
      "DATA_DIR",
      `the data directory ${dataDir} cannot be used (${messageOf(cause)}): name one that this user may write`,
      { cause },
    );
  }
  throw new NodeError(
    "KEY",
    `${path} must hold a key of ${SEED_BYTES} bytes: restore it from a copy, or move it away to start as a new peer`,
  );
}

async function readSeed(path: string): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Written whole beside its place, then linked to it: of two starts at once, one key wins and both use it. */
async function createSeed(path: string): Promise<Uint8Array> {
  const seed = randomBytes(SEED_BYTES);
  const fresh = `${path}.${randomBytes(6).toString("hex")}`;
  const file = await open(fresh, "wx", 0o600);
  try {
    await file.writeFile(seed);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(fresh, path);
    return new Uint8Array(seed);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return (await readSeed(path))!;
  } finally {
    await rm(fresh);
  }
}
