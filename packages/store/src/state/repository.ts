import type { Change } from "./change.ts";
import type { Database } from "./database.ts";
import { frame } from "./frame.ts";
import type { KeyCodec } from "./keys.ts";
import type { ValueCodec } from "./values.ts";

export interface ListOptions {
  /** from the last key down */
  readonly reverse?: boolean;
  readonly limit?: number;
}

/**
 * Values by id, in the order of the ids. `P` are the first fields of an id, by which a part is listed.
 * Reading @throws StoreError CORRUPT, CLOSED, IO; writing @throws StoreError STORE_FULL, CLOSED, IO.
 */
export interface Repository<Id, T, P = undefined> {
  readonly get: (id: Id) => Promise<T | undefined>;
  readonly has: (id: Id) => Promise<boolean>;
  readonly put: (id: Id, value: T) => Promise<void>;
  /** Deletes; fine when there is nothing. */
  readonly remove: (id: Id) => Promise<void>;
  /** As of the moment of the first step; what is written meanwhile does not show. */
  readonly entries: (part?: P, options?: ListOptions) => AsyncGenerator<readonly [Id, T]>;
  /** `put` as a change for `commit`. */
  readonly putting: (id: Id, value: T) => Change;
  /** `remove` as a change for `commit`. */
  readonly removing: (id: Id) => Change;
}

export function createRepository<Id, T, P>(
  database: Database,
  room: string,
  keys: KeyCodec<Id, P>,
  values: ValueCodec<T>,
): Repository<Id, T, P> {
  const decode = (key: string, payload: Uint8Array): T =>
    values.decode(payload, `${room} ${JSON.stringify(key)}`);
  const putting = (id: Id, value: T): Change => {
    const key = keys.encode(id);
    const op = { type: "put", room, key, value: frame(room, key, values.encode(value)) } as const;
    return { prepare: () => [op] };
  };
  const removing = (id: Id): Change => {
    const op = { type: "del", room, key: keys.encode(id) } as const;
    return { prepare: () => [op] };
  };
  const get = async (id: Id): Promise<T | undefined> => {
    const key = keys.encode(id);
    const payload = await database.get(room, key);
    return payload && decode(key, payload);
  };
  return {
    get,
    has: async (id) => (await database.get(room, keys.encode(id))) !== undefined,
    put: async (id, value) => database.commit([putting(id, value)]),
    remove: async (id) => database.commit([removing(id)]),
    async *entries(part, options = {}) {
      const range = part === undefined ? {} : under(keys.prefix(part));
      for await (const [key, payload] of database.entries(room, { ...range, ...options })) {
        yield [keys.decode(key), decode(key, payload)];
      }
    },
    putting,
    removing,
  };
}

/** All keys that start with `prefix`, which is empty or ends in NUL. */
const under = (prefix: string): { gte?: string; lt?: string } =>
  prefix === "" ? {} : { gte: prefix, lt: `${prefix.slice(0, -1)}\x01` };
