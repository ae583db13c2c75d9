import { createFileShelf } from "./blobs/file-shelf.ts";
import type { Directory } from "./directory.ts";
import { nameOwner, ownerOf, prepareDirectory } from "./directory.ts";
import { openLevel } from "./level-at.ts";
import { AIDS, createMender } from "./mend.ts";
import { asStoreError, StoreError } from "./errors.ts";
import type { RoomSpecs } from "./schema.ts";
import type { Level } from "./state/database.ts";
import { Database } from "./state/database.ts";
import type { Mended, Store, StoreOptions } from "./store.ts";
import { assemble } from "./store.ts";

export interface DiskStoreOptions<S extends RoomSpecs> extends StoreOptions<S> {
  /** Whether what is acknowledged survives the loss of power, and not only of the process; default true. */
  readonly sync?: boolean;
}

/**
 * Opens the store in `dir`, which is its own, or makes one there; checks and repairs it when the last run did not end orderly, and migrates it.
 * What cannot be repaired is put aside, and the store begins anew, with its blobs.
 *
 *     const store = await openStore("data", { schema, maxBlobBytes: 10 * 2 ** 30 });
 *     await store.commit([store.rooms.jobEvents.appending(job, [event]), store.rooms.leases.putting(id, lease)]);
 *     await store.close();
 *
 * @throws StoreError LOCKED, NOT_A_STORE, NEWER_SCHEMA, NO_MIGRATION, STORE_FULL, IO
 */
export async function openStore<S extends RoomSpecs>(
  dir: string,
  options: DiskStoreOptions<S>,
): Promise<Store<S>> {
  const directory = await prepareDirectory(dir);
  const mend = createMender(directory, Object.keys(options.schema.rooms));
  const attempts = [undefined, ...AIDS];
  for (const [mended, aid] of attempts.map((each) => each ?? [])) {
    try {
      if (aid !== undefined) await mend(aid);
      return await openOnce(directory, options, mended);
    } catch (thrown) {
      const error = asStoreError(thrown, `opening the store in ${dir}`);
      if (error.code !== "CORRUPT") throw error;
    }
  }
  throw new Error("unreachable: an empty store is not corrupt");
}

async function openOnce<S extends RoomSpecs>(
  directory: Directory,
  options: DiskStoreOptions<S>,
  mended: Mended | undefined,
): Promise<Store<S>> {
  const { sync = true } = options;
  const level = await openState(directory);
  try {
    await nameOwner(directory);
    const shelf = createFileShelf(directory.blobs, { sync });
    return await assemble(new Database(level, sync), shelf, options, mended);
  } catch (thrown) {
    await level.close();
    throw thrown;
  }
}

async function openState(directory: Directory): Promise<Level> {
  try {
    return await openLevel(directory.state);
  } catch (thrown) {
    if (!(thrown instanceof StoreError) || thrown.code !== "LOCKED") throw thrown;
    const owner = await ownerOf(directory);
    const message = `${directory.state} is in use by ${owner}: stop it, or use another directory`;
    throw new StoreError("LOCKED", message, { cause: thrown });
  }
}
