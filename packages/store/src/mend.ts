import { execFile } from "node:child_process";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Directory } from "./directory.ts";
import { syncDirectory } from "./directory.ts";
import { StoreError } from "./errors.ts";
import { openLevel } from "./level-at.ts";
import { salvage } from "./state/salvage.ts";
import type { Mended } from "./store.ts";

/** Makes a database at `to` of what there is at `from`. */
type Aid = (from: string, to: string, rooms: readonly string[]) => Promise<unknown>;

/** From what keeps the most to what always helps. */
export const AIDS: readonly (readonly [Mended, Aid])[] = [
  ["rebuilt", rebuild],
  ["salvaged", salvageAll],
  ["begun anew", (_, to) => mkdir(to)],
];

/** Puts another database in the place of one that cannot be read, which stays beside it, for experts and for the next aid. */
export function createMender(
  { state, salvaged, damaged }: Directory,
  rooms: readonly string[],
): (aid: Aid) => Promise<void> {
  let isFirst = true;
  return async (aid) => {
    await rm(salvaged, { recursive: true, force: true });
    await aid(isFirst ? state : damaged, salvaged, rooms);
    await rm(isFirst ? damaged : state, { recursive: true, force: true });
    if (isFirst) await rename(state, damaged);
    isFirst = false;
    await rename(salvaged, state);
    await syncDirectory(dirname(state));
  };
}

/** By LevelDB, of the tables that it can read. */
async function rebuild(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true });
  const program = fileURLToPath(new URL("rebuild.ts", import.meta.url));
  try {
    await promisify(execFile)(process.execPath, [program, to]);
  } catch (cause) {
    throw new StoreError("CORRUPT", `${from}: LevelDB cannot rebuild it`, { cause });
  }
}

/** All that can be read, block by block. */
async function salvageAll(from: string, to: string, rooms: readonly string[]): Promise<void> {
  const old = await openLevel(from);
  const fresh = await openLevel(to);
  try {
    await salvage(old, fresh, rooms);
  } finally {
    await Promise.all([old.close(), fresh.close()]);
  }
}
