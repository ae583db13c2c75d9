import { Level } from "level";
import { readdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Directory } from "./directory.ts";
import { syncDirectory } from "./directory.ts";
import { StoreError } from "./errors.ts";
import { levelAt } from "./level-at.ts";
import { salvage } from "./state/salvage.ts";

/** `level` hides it in its types: classic-level, which it is in Node, can rebuild a database from its readable tables. */
const { repair } = Level as unknown as { repair: (location: string) => Promise<void> };

/** Where its root is lost, LevelDB would begin anew and delete the rest. @throws StoreError CORRUPT */
export async function refuseHeadless({ state }: Directory): Promise<void> {
  const names = await readdir(state);
  if (names.includes("CURRENT") || !names.some((name) => /\.(ldb|sst|log)$/.test(name))) return;
  throw new StoreError("CORRUPT", `${state}: expected a file CURRENT beside the data`);
}

/** First aid for a database that cannot be opened or read through. */
export const rebuild = ({ state }: Directory): Promise<void> => repair(state);

/** Second aid: a new database with all that can be read of the old one, which stays beside it for experts. */
export async function salvageState(directory: Directory, rooms: readonly string[]): Promise<void> {
  const { state, salvaged, damaged } = directory;
  await rm(salvaged, { recursive: true, force: true });
  const from = levelAt(state);
  const to = levelAt(salvaged);
  try {
    await salvage(from, to, rooms);
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
  await rm(damaged, { recursive: true, force: true });
  await rename(state, damaged);
  await rename(salvaged, state);
  await syncDirectory(dirname(state));
}
