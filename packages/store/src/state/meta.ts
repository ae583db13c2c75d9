import type { Change } from "./change.ts";
import type { Database } from "./database.ts";
import { frame } from "./frame.ts";

/** The store's own room: what it knows about itself, as short texts. */
const META = "@meta";
/** Rooms that are the store's own. */
export const PINS = "@pins";
export const QUARANTINE = "@quarantine";

export type MetaKey =
  | "version" // of the schema, decimal
  | "closed"; // present while no process has the store open, after an orderly end

export async function readMeta(database: Database, key: MetaKey): Promise<string | undefined> {
  const bytes = await database.get(META, key);
  return bytes && new TextDecoder().decode(bytes);
}

export function writingMeta(key: MetaKey, value: string): Change {
  const framed = frame(META, key, new TextEncoder().encode(value));
  return { prepare: () => [{ type: "put", room: META, key, value: framed }] };
}

export const deletingMeta = (key: MetaKey): Change => ({
  prepare: () => [{ type: "del", room: META, key }],
});
