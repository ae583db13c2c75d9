import type {
  AbstractBatchOperation,
  AbstractIterator,
  AbstractLevel,
  AbstractSublevel,
} from "abstract-level";
import { asStoreError, assert, StoreError } from "../errors.ts";
import type { Change, Lengths, Op } from "./change.ts";
import { unframe } from "./frame.ts";
import { layerOn, rememberLengths } from "./lengths.ts";
import type { RememberedLengths } from "./lengths.ts";
import { logRange, parseEventKey } from "./log-keys.ts";

type AnyFormat = string | Uint8Array | Buffer;
/** `level` or its twin in memory. */
export type Level = AbstractLevel<AnyFormat, string, string>;
type Room = AbstractSublevel<Level, AnyFormat, string, Uint8Array>;

export interface KeyRange {
  readonly gte?: string;
  readonly lt?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

interface Commit {
  readonly changes: readonly Change[];
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Commits that wait together are written as one batch with one fsync; more than this many wait for the next. */
const MAX_GROUP = 256;

/**
 * Sublevels over one `level`, written by one queue.
 *
 * Open → Failed → Open → Closed: after a failed write LevelDB's own log may end in half a record, behind which later ones would be lost,
 * so nothing more is written before the database has been opened again. The next commit does that.
 */
export class Database {
  readonly #level: Level;
  readonly #sync: boolean;
  readonly #rooms = new Map<string, Room>();
  readonly #lengths: RememberedLengths;
  #waiting: Commit[] = [];
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #failed = false;
  #closed = false;
  #damaged = false;

  /** @param sync whether an acknowledged write survives the loss of power, and not only of the process */
  constructor(level: Level, sync: boolean) {
    this.#level = level;
    this.#sync = sync;
    this.#lengths = rememberLengths((room, log) => this.#lookForLength(room, log));
  }

  /** Whether something read since the start was corrupt: the next start must check everything. */
  get damaged(): boolean {
    return this.#damaged;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Writes all of it or nothing. Commits take effect in the order of the calls.
   * @throws StoreError STORE_FULL, IO: not acknowledged, though after a restart it may be there (all of it); CONFLICT, CLOSED: nothing written
   */
  commit(changes: readonly Change[]): Promise<void> {
    if (this.#closed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject });
      if (this.#isWriting) return;
      this.#isWriting = true;
      this.#writing = this.#drain();
    });
  }

  /** The payload kept under a key. @throws StoreError CORRUPT, CLOSED, IO */
  async get(room: string, key: string): Promise<Uint8Array | undefined> {
    const framed = await this.#read(room, (sub) => sub.get(key));
    return framed && this.#open(room, key, framed);
  }

  /** In order of keys, as of the moment of the call. @throws StoreError CORRUPT, CLOSED, IO */
  async *entries(room: string, range: KeyRange): AsyncGenerator<readonly [string, Uint8Array]> {
    for await (const [key, framed] of this.#iterate(room, (sub) => sub.iterator(range))) {
      yield [key, this.#open(room, key, framed)];
    }
  }

  /** All of a room as it is kept, unchecked: its keys may be damaged, too. */
  frames(room: string): AsyncGenerator<readonly [Uint8Array, Uint8Array]> {
    return this.#iterate(room, (sub) =>
      sub.iterator<Uint8Array, Uint8Array>({ keyEncoding: "view" }),
    );
  }

  async *#iterate<K>(
    room: string,
    open: (room: Room) => AbstractIterator<Room, K, Uint8Array>,
  ): AsyncGenerator<readonly [K, Uint8Array]> {
    const iterator = await this.#read(room, open);
    try {
      for await (const entry of iterator) yield entry;
    } catch (thrown) {
      throw this.noteDamage(asStoreError(thrown, `reading ${room}`));
    } finally {
      await iterator.close();
    }
  }

  async keys(room: string, range: KeyRange): Promise<string[]> {
    return this.#read(room, (sub) => sub.keys(range).all());
  }

  /** How many events a log has. */
  async lengthOf(room: string, log: string): Promise<number> {
    return this.#lengths.known(room, log) ?? (await this.#lookForLength(room, log));
  }

  /** To be told of what is found corrupt, so that the next start checks everything. */
  noteDamage(error: StoreError): StoreError {
    if (error.code === "CORRUPT") this.#damaged = true;
    return error;
  }

  /** Waits for the commits asked before; those asked after are refused. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writing;
    await this.#level.close();
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, MAX_GROUP);
      await this.#writeGroup(group);
    }
    this.#isWriting = false;
  }

  async #writeGroup(group: readonly Commit[]): Promise<void> {
    const lengths = layerOn(this.#lengths);
    const good: Commit[] = [];
    try {
      if (this.#failed) await this.#reopen();
      const ops: Op[] = [];
      for (const commit of group) {
        const own = await prepare(commit, lengths);
        if (own === undefined) continue;
        ops.push(...own);
        good.push(commit);
      }
      if (ops.length > 0) await this.#batch(ops);
      lengths.merge();
      for (const { resolve } of good) resolve();
    } catch (thrown) {
      const error = asStoreError(thrown, "writing to the store");
      for (const { reject } of group) reject(error); // those refused before stay refused for their own reason
    }
  }

  async #batch(ops: readonly Op[]): Promise<void> {
    const batch = ops.map((op) => ({
      ...op,
      ...(typeof op.key !== "string" && { keyEncoding: "view" }),
      sublevel: this.#room(op.room),
    }));
    try {
      const options = { sync: this.#sync } as object; // known to `level` only
      await this.#level.batch(batch as AbstractBatchOperation<Level, string, string>[], options);
    } catch (thrown) {
      this.#failed = true;
      throw thrown;
    }
  }

  async #reopen(): Promise<void> {
    await this.#level.close();
    this.#rooms.clear();
    this.#lengths.forget();
    await this.#level.open();
    this.#failed = false;
  }

  async #lookForLength(room: string, log: string): Promise<number> {
    const [last] = await this.keys(room, { ...logRange(log), reverse: true, limit: 1 });
    return last === undefined ? 0 : parseEventKey(last).sequence + 1;
  }

  async #read<T>(room: string, work: (room: Room) => T | Promise<T>): Promise<T> {
    if (this.#closed) throw closed();
    try {
      return await work(this.#room(room));
    } catch (thrown) {
      throw this.noteDamage(asStoreError(thrown, `reading ${room}`));
    }
  }

  #open(room: string, key: string, framed: Uint8Array): Uint8Array {
    const payload = unframe(room, key, framed);
    if (payload !== undefined) return payload;
    const where = `${room} ${JSON.stringify(key)}`;
    throw this.noteDamage(
      new StoreError("CORRUPT", `${where}: the bytes are damaged; restart to repair the store`),
    );
  }

  #room(name: string): Room {
    assert(/^[@~]?[a-z][A-Za-z]*$/.test(name), `a room's name, not ${name}`);
    const known = this.#rooms.get(name);
    if (known) return known;
    const room = this.#level.sublevel<string, Uint8Array>(name, {
      keyEncoding: "utf8",
      valueEncoding: "view",
    });
    this.#rooms.set(name, room);
    return room;
  }
}

/** The commit's writes, or undefined when it was refused; its lengths are then as before. */
async function prepare(
  { changes, reject }: Commit,
  lengths: Lengths,
): Promise<readonly Op[] | undefined> {
  const own = layerOn(lengths);
  try {
    const ops: Op[] = [];
    for (const change of changes) ops.push(...(await change.prepare(own)));
    own.merge();
    return ops;
  } catch (thrown) {
    reject(asStoreError(thrown, "preparing a write"));
    return undefined;
  }
}

const closed = (): StoreError =>
  new StoreError("CLOSED", "the store is closed: open it again to read or write");
