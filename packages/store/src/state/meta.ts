import { StoreError } from "../errors.ts";
import type { Change } from "./change.ts";
import type { Database } from "./database.ts";
import { frame } from "./frame.ts";

/** The store's own room: what it knows about itself, as short texts. */
const META = "@meta";
/** The same again: of all rooms one is the first and one the last, so a bad block takes one of them at most. */
const META_COPY = "~meta";
export const META_ROOMS: readonly string[] = [META, META_COPY];
/** Rooms that are the store's own. */
export const PINS = "@pins";
export const QUARANTINE = "@quarantine";

export type MetaKey =
  | "version" // of the schema, decimal
  | "closed"; // present while no process has the store open, after an orderly end

/** @throws StoreError CORRUPT when both copies are damaged, CLOSED, IO */
export async function readMeta(database: Database, key: MetaKey): Promise<string | undefined> {
  const first = await readCopy(database, META, key).catch(onlyCorrupt);
  return first ?? readCopy(database, META_COPY, key);
}

export function writingMeta(key: MetaKey, value: string): Change {
  const bytes = new TextEncoder().encode(value);
  const ops = META_ROOMS.map((room) => ({
    type: "put" as const,
    room,
    key,
    value: frame(room, key, bytes),
  }));
  return { prepare: () => ops };
}

export const deletingMeta = (key: MetaKey): Change => ({
  prepare: () => META_ROOMS.map((room) => ({ type: "del", room, key })),
});

async function readCopy(
  database: Database,
  room: string,
  key: MetaKey,
): Promise<string | undefined> {
  const bytes = await database.get(room, key);
  return bytes && new TextDecoder().decode(bytes);
}

function onlyCorrupt(thrown: unknown): undefined {
  if (!(thrown instanceof StoreError) || thrown.code !== "CORRUPT") throw thrown;
}
