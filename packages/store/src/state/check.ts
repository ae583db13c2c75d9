import type { Change, Op } from "./change.ts";
import type { Database } from "./database.ts";
import { frame, unframe } from "./frame.ts";
import { parseEventKey } from "./log-keys.ts";
import { QUARANTINE } from "./meta.ts";

/** A log that was cut back to its last event before the first damaged or missing one. */
export interface CutLog {
  readonly room: string;
  readonly log: string;
  readonly kept: number;
  readonly dropped: number;
}

export interface DroppedRecord {
  readonly room: string;
  readonly key: string;
}

export interface Repairs {
  readonly cutLogs: readonly CutLog[];
  readonly dropped: readonly DroppedRecord[];
}

interface Found {
  readonly ops: Op[];
  readonly cutLogs: CutLog[];
  readonly dropped: DroppedRecord[];
}

/**
 * Reads everything, takes out what is damaged, and cuts logs to their longest good prefix. What is taken out is put aside in
 * the room @quarantine, in one batch with its removal.
 */
export async function checkRooms(
  database: Database,
  rooms: { readonly logs: readonly string[]; readonly repositories: readonly string[] },
): Promise<Repairs> {
  const found: Found = { ops: [], cutLogs: [], dropped: [] };
  for (const room of rooms.repositories) await checkRecords(database, room, found);
  for (const room of rooms.logs) await checkLogs(database, room, found);
  const change: Change = { prepare: () => found.ops };
  if (found.ops.length > 0) await database.commit([change]);
  return { cutLogs: found.cutLogs, dropped: found.dropped };
}

async function checkRecords(database: Database, room: string, found: Found): Promise<void> {
  for await (const [raw, framed] of database.frames(room)) {
    if (isGood(room, raw, framed)) continue;
    found.ops.push(...quarantine(room, raw, framed));
    found.dropped.push({ room, key: textOf(raw) });
  }
}

/** Where the walk over the events of a room stands. */
interface Walk {
  log: string | undefined;
  /** good events so far */
  kept: number;
  dropped: number;
}

async function checkLogs(database: Database, room: string, found: Found): Promise<void> {
  const walk: Walk = { log: undefined, kept: 0, dropped: 0 };
  const finish = (): void => {
    const { log, kept, dropped } = walk;
    if (log !== undefined && dropped > 0) found.cutLogs.push({ room, log, kept, dropped });
  };
  for await (const [raw, framed] of database.frames(room)) {
    const { log, sequence } = placeOf(textOf(raw));
    const good = isGood(room, raw, framed);
    if (!good && log !== walk.log) {
      // of no log that can be told: the walk goes on
      found.ops.push(...quarantine(room, raw, framed));
      found.dropped.push({ room, key: textOf(raw) });
      continue;
    }
    if (log !== walk.log) {
      finish();
      Object.assign(walk, { log, kept: 0, dropped: 0 });
    }
    const isNext = walk.dropped === 0 && sequence === walk.kept;
    if (isNext && good) {
      walk.kept += 1;
    } else {
      walk.dropped += 1;
      found.ops.push(...quarantine(room, raw, framed));
    }
  }
  finish();
}

/** A key that is none of ours belongs to no log and stands nowhere. */
function placeOf(key: string): { log: string; sequence: number } {
  try {
    return parseEventKey(key);
  } catch {
    return { log: key, sequence: -1 };
  }
}

const textOf = (key: Uint8Array): string => new TextDecoder().decode(key);

/** A key whose bytes are no text would be found under another one by whoever asks for it. */
function isGood(room: string, raw: Uint8Array, framed: Uint8Array): boolean {
  const key = textOf(raw);
  const isText = Buffer.compare(new TextEncoder().encode(key), raw) === 0;
  return isText && unframe(room, key, framed) !== undefined;
}

function quarantine(room: string, key: Uint8Array, framed: Uint8Array): Op[] {
  const aside = `${room}\0${textOf(key)}`;
  return [
    { type: "put", room: QUARANTINE, key: aside, value: frame(QUARANTINE, aside, framed) },
    { type: "del", room, key },
  ];
}
