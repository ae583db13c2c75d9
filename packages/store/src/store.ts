import type { BlobRepairs, OpenBlobs } from "./blobs/blob-store.ts";
import { openBlobs } from "./blobs/blob-store.ts";
import { pinKey } from "./blobs/pins.ts";
import type { BlobDamage, BlobStore } from "./blobs/port.ts";
import type { Shelf } from "./blobs/shelf.ts";
import { assert } from "./errors.ts";
import type { RoomSpecs, Rooms, Schema } from "./schema.ts";
import { openRooms } from "./schema.ts";
import type { Change } from "./state/change.ts";
import type { Repairs } from "./state/check.ts";
import { checkRooms } from "./state/check.ts";
import type { Database } from "./state/database.ts";
import { deletingMeta, PINS, readMeta, writingMeta } from "./state/meta.ts";
import type { Migrated } from "./state/migrate.ts";
import { migrate } from "./state/migrate.ts";
import { createRepository } from "./state/repository.ts";
import { opaque } from "./state/values.ts";

/** What a node keeps. */
export interface Store<S extends RoomSpecs> {
  readonly rooms: Rooms<S>;
  readonly blobs: BlobStore;
  /**
   * Writes changes of any rooms, all or nothing. Commits take effect in the order of the calls.
   * @throws StoreError STORE_FULL, IO: not acknowledged, though after a restart it may be there (all of it); CONFLICT, CLOSED: nothing written
   */
  readonly commit: (changes: readonly Change[]) => Promise<void>;
  /** what was found and done at the start */
  readonly report: OpenReport;
  /** Waits for the writes asked before, refuses those after, and lets others open it. */
  readonly close: () => Promise<void>;
}

export interface OpenReport extends Repairs {
  /** whether the last run ended orderly; if not, everything was checked */
  readonly wasClosed: boolean;
  readonly mended: Mended | undefined;
  readonly migrated: Migrated | undefined;
  readonly blobs: BlobRepairs;
}

/**
 * What was done about a database that could not be read: rebuilt by LevelDB from its tables, salvaged into a new one, or put aside for
 * an empty one. Records may be missing then of which nothing else tells; the one that could not be read is beside it, in state.damaged.
 */
export type Mended = "rebuilt" | "salvaged" | "begun anew";

export interface StoreOptions<S extends RoomSpecs> {
  readonly schema: Schema<S>;
  /** the quota of blobs, bytes */
  readonly maxBlobBytes: number;
  /** told of every blob that is found damaged and removed */
  readonly onDamage?: (damage: BlobDamage) => void;
}

const NO_REPAIRS: Repairs = { cutLogs: [], dropped: [] };

/** The store over an open database and a shelf; closes neither when it throws. */
export async function assemble<S extends RoomSpecs>(
  database: Database,
  shelf: Shelf,
  { schema, maxBlobBytes, onDamage }: StoreOptions<S>,
  mended: Mended | undefined,
): Promise<Store<S>> {
  const wasClosed = mended === undefined && (await readMeta(database, "closed")) !== undefined;
  const repairs = wasClosed ? NO_REPAIRS : await checkRooms(database, roomNames(schema));
  const migrated = await migrate(database, schema);
  await database.commit([deletingMeta("closed")]);
  const commit = (changes: readonly Change[]): Promise<void> => database.commit(changes);
  const book = createRepository(database, PINS, pinKey, opaque);
  const opened = await openBlobs({ shelf, book, commit, maxBytes: maxBlobBytes, onDamage });
  return {
    rooms: openRooms(database, schema.rooms),
    blobs: opened.blobs,
    commit,
    report: { ...repairs, wasClosed, mended, migrated, blobs: opened.repairs },
    close: () => closeAll(database, opened),
  };
}

/** Says that all is in order only if nothing damaged was met. */
async function closeAll(database: Database, blobs: OpenBlobs): Promise<void> {
  blobs.close();
  if (!database.closed && !database.damaged) {
    await database.commit([writingMeta("closed", "yes")]).catch(() => undefined);
  }
  await database.close();
}

function roomNames({ rooms }: Schema<RoomSpecs>): { logs: string[]; repositories: string[] } {
  const names = Object.keys(rooms);
  assert(
    names.every((name) => /^[a-z][A-Za-z]*$/.test(name)),
    "rooms are named by letters",
  );
  const logs = names.filter((name) => rooms[name]?.kind === "log");
  const repositories = names.filter((name) => rooms[name]?.kind === "repository");
  return { logs, repositories: [...repositories, PINS] };
}
