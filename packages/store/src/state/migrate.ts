import { StoreError } from "../errors.ts";
import type { Change, Op } from "./change.ts";
import type { Database } from "./database.ts";
import { frame } from "./frame.ts";
import { readMeta, writingMeta } from "./meta.ts";

/** A write of a migration; `value` is the codec's bytes. Its keys are as `KeyCodec` writes them. */
export type RawOp =
  | {
      readonly type: "put";
      readonly room: string;
      readonly key: string;
      readonly value: Uint8Array;
    }
  | { readonly type: "del"; readonly room: string; readonly key: string };

/** Reads what the version before has written. */
export interface OldRooms {
  readonly entries: (room: string) => AsyncGenerator<readonly [key: string, value: Uint8Array]>;
}

/** From version `from` to `from + 1`. All its writes and the new version number are one batch: it happens or it does not. */
export interface Migration {
  readonly from: number;
  /** what it does, for the log */
  readonly name: string;
  readonly migrate: (old: OldRooms) => AsyncGenerator<RawOp>;
}

interface Versioned {
  readonly version: number;
  readonly migrations: readonly Migration[];
  readonly rooms: object;
}

export interface Migrated {
  readonly from: number;
  readonly to: number;
  readonly names: readonly string[];
}

/**
 * Brings the store to `version`; a new store gets it at once.
 * @throws StoreError NEWER_SCHEMA, NO_MIGRATION; CORRUPT when there is data of no version
 */
export async function migrate(
  database: Database,
  { version, migrations, rooms }: Versioned,
): Promise<Migrated | undefined> {
  const found = await readMeta(database, "version");
  if (found === undefined) return begin(database, version, Object.keys(rooms));
  const from = Number(found);
  if (from > version) throw newer(from, version);
  const steps = Array.from({ length: version - from }, (_, i) => stepFrom(migrations, from + i));
  for (const step of steps) await run(database, step);
  return steps.length === 0
    ? undefined
    : { from, to: version, names: steps.map(({ name }) => name) };
}

async function begin(
  database: Database,
  version: number,
  rooms: readonly string[],
): Promise<undefined> {
  for (const room of rooms) {
    const [key] = await database.keys(room, { limit: 1 });
    if (key === undefined) continue;
    throw new StoreError(
      "CORRUPT",
      `${room} holds data, but the store's schema version is lost: restore a copy`,
    );
  }
  await database.commit([writingMeta("version", String(version))]);
  return undefined;
}

function stepFrom(migrations: readonly Migration[], from: number): Migration {
  const step = migrations.find((each) => each.from === from);
  if (step) return step;
  throw new StoreError(
    "NO_MIGRATION",
    `the store has schema version ${from}, and no migration leads on to ${from + 1}`,
  );
}

async function run(database: Database, { from, migrate: work }: Migration): Promise<void> {
  const ops: Op[] = [];
  for await (const op of work({ entries: (room) => database.entries(room, {}) })) {
    ops.push(op.type === "put" ? { ...op, value: frame(op.room, op.key, op.value) } : op);
  }
  const writes: Change = { prepare: () => ops };
  await database.commit([writes, writingMeta("version", String(from + 1))]);
}

const newer = (found: number, known: number): StoreError =>
  new StoreError(
    "NEWER_SCHEMA",
    `the store has schema version ${found}, this software knows up to ${known}: use the newer software`,
  );
