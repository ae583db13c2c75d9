import { StoreError } from "../errors.ts";
import type { Change, Lengths, Op } from "./change.ts";
import type { Database } from "./database.ts";
import { frame } from "./frame.ts";
import { eventKey, logRange, parseEventKey } from "./log-keys.ts";
import type { ValueCodec } from "./values.ts";

export interface LogEvent<T> {
  /** from 0, without gaps */
  readonly sequence: number;
  readonly event: T;
}

/**
 * Many append-only logs, each with its own name (a job's CID). Sequence numbers are given in the order of the commits.
 * Reading @throws StoreError CORRUPT, CLOSED, IO; writing @throws StoreError STORE_FULL, CONFLICT, CLOSED, IO.
 */
export interface Log<T> {
  /**
   * Adds events at the end.
   * @param at the length that the writer believes the log to have; CONFLICT when it has another
   * @returns the sequence number of the first
   */
  readonly append: (log: string, events: readonly T[], at?: number) => Promise<number>;
  readonly length: (log: string) => Promise<number>;
  /** The events from `from` on, as of the moment of the first step. */
  readonly read: (log: string, from?: number) => AsyncGenerator<LogEvent<T>>;
  /** The names of all logs that are not empty, in order. */
  readonly names: () => AsyncGenerator<string>;
  /** Forgets a log: its length is 0 again. */
  readonly remove: (log: string) => Promise<void>;
  /** `append` as a change for `commit`. */
  readonly appending: (log: string, events: readonly T[], at?: number) => Change;
  /** `remove` as a change for `commit`. */
  readonly removing: (log: string) => Change;
}

export function createLog<T>(database: Database, room: string, values: ValueCodec<T>): Log<T> {
  const append = async (log: string, events: readonly T[], at?: number): Promise<number> => {
    let first = 0;
    const change = appendChange(room, log, events.map(values.encode), at, (sequence) => {
      first = sequence;
    });
    await database.commit([change]);
    return first;
  };
  const removing = (log: string): Change => ({
    prepare: (lengths) => removeAll(room, log, lengths),
  });
  return {
    append,
    length: (log) => database.lengthOf(room, log),
    read: (log, from = 0) => readLog(database, room, values, log, from),
    names: () => namesOf(database, room),
    remove: async (log) => database.commit([removing(log)]),
    appending: (log, events, at) => appendChange(room, log, events.map(values.encode), at),
    removing,
  };
}

function appendChange(
  room: string,
  log: string,
  payloads: readonly Uint8Array[],
  at: number | undefined,
  onPlace?: (first: number) => void,
): Change {
  eventKey(log, 0); // a bad name is the caller's error, now
  return {
    async prepare(lengths) {
      const length = await lengths.get(room, log);
      if (length !== (at ?? length)) {
        throw new StoreError("CONFLICT", `log ${log}: expected ${at} events, it has ${length}`);
      }
      onPlace?.(length);
      lengths.set(room, log, length + payloads.length);
      return payloads.map((payload, i) => {
        const key = eventKey(log, length + i);
        return { type: "put", room, key, value: frame(room, key, payload) };
      });
    },
  };
}

async function removeAll(room: string, log: string, lengths: Lengths): Promise<Op[]> {
  const length = await lengths.get(room, log);
  lengths.set(room, log, 0);
  return Array.from({ length }, (_, i) => ({ type: "del", room, key: eventKey(log, i) }));
}

async function* readLog<T>(
  database: Database,
  room: string,
  values: ValueCodec<T>,
  log: string,
  from: number,
): AsyncGenerator<LogEvent<T>> {
  let next = from;
  for await (const [key, payload] of database.entries(room, logRange(log, from))) {
    const { sequence } = parseEventKey(key);
    if (sequence !== next) throw database.noteDamage(gap(room, log, next, sequence));
    yield { sequence, event: values.decode(payload, `${room} ${log} event ${sequence}`) };
    next += 1;
  }
}

const gap = (room: string, log: string, expected: number, got: number): StoreError =>
  new StoreError("CORRUPT", `${room} ${log}: expected event ${expected}, found ${got}`);

async function* namesOf(database: Database, room: string): AsyncGenerator<string> {
  let range = {};
  for (;;) {
    const [key] = await database.keys(room, { ...range, limit: 1 });
    if (key === undefined) return;
    const { log } = parseEventKey(key);
    yield log;
    range = { gte: logRange(log).lt };
  }
}
