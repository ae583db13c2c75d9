import { Level as DiskLevel } from "level";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { asStoreError, StoreError } from "./errors.ts";
import type { Level } from "./state/database.ts";

/** A database on disk. Where its root is lost, LevelDB would begin anew and delete the rest: this does not. @throws StoreError LOCKED, CORRUPT, IO */
export async function openLevel(location: string): Promise<Level> {
  await mkdir(location, { recursive: true });
  const names = await readdir(location);
  const hasData = names.some((name) => /\.(ldb|sst|log)$/.test(name));
  const level = new DiskLevel(location, { createIfMissing: !hasData });
  try {
    await level.open();
    return level as unknown as Level; // its own type names itself in its hooks, so to the compiler it is no AbstractLevel
  } catch (thrown) {
    const error = asStoreError(thrown, `opening ${location}`);
    if (error.code === "LOCKED" || (await isRooted(location, names))) throw error;
    const message = `${location}: expected a file CURRENT that names another one there`;
    throw new StoreError("CORRUPT", message, { cause: thrown });
  }
}

async function isRooted(location: string, names: readonly string[]): Promise<boolean> {
  if (!names.includes("CURRENT")) return false;
  const root = await readFile(join(location, "CURRENT"), "latin1");
  return /^MANIFEST-\d+\n$/.test(root) && names.includes(root.trim());
}
