import type { AbstractIterator } from "abstract-level";
import { asStoreError } from "../errors.ts";
import type { Level } from "./database.ts";
import { META_ROOMS, PINS, QUARANTINE } from "./meta.ts";

type Entry = [string, Uint8Array];

const BATCH = 500;
const ENCODINGS = { keyEncoding: "utf8", valueEncoding: "view" };

/**
 * Copies what can still be read, damaged values included, into an empty database. Each room is read from its start to the first place that
 * cannot be read, and from its end back to the last one: LevelDB finds no way through such a place, but one to either side.
 */
export async function salvage(from: Level, to: Level, rooms: readonly string[]): Promise<void> {
  for (const room of [...META_ROOMS, PINS, QUARANTINE, ...rooms]) {
    const forwards = await copyRun(from, to, room, false);
    if (!forwards.isWhole) await copyRun(from, to, room, true);
  }
}

async function copyRun(
  from: Level,
  to: Level,
  name: string,
  reverse: boolean,
): Promise<{ isWhole: boolean }> {
  const target = to.sublevel<string, Uint8Array>(name, ENCODINGS);
  const iterator = from.sublevel<string, Uint8Array>(name, ENCODINGS).iterator({ reverse });
  try {
    for (;;) {
      const { entries, end } = await readRun(iterator);
      await target.batch(entries.map(([key, value]) => ({ type: "put", key, value })));
      if (end !== undefined) return { isWhole: end === "end" };
    }
  } finally {
    await iterator.close();
  }
}

/** One at a time: a read of several that meets a bad place yields none of them. */
async function readRun(
  iterator: AbstractIterator<unknown, string, Uint8Array>,
): Promise<{ entries: Entry[]; end?: "end" | "unreadable" }> {
  const entries: Entry[] = [];
  while (entries.length < BATCH) {
    const [entry, end] = await readOne(iterator);
    if (entry === undefined) return { entries, end };
    entries.push(entry);
  }
  return { entries };
}

async function readOne(
  iterator: AbstractIterator<unknown, string, Uint8Array>,
): Promise<[Entry, undefined] | [undefined, "end" | "unreadable"]> {
  try {
    const [entry] = await iterator.nextv(1);
    return entry ? [entry, undefined] : [undefined, "end"];
  } catch (thrown) {
    const error = asStoreError(thrown, "salvaging");
    if (error.code !== "CORRUPT") throw error;
    return [undefined, "unreadable"];
  }
}
