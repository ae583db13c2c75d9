import type { Database } from "./state/database.ts";
import type { KeyCodec } from "./state/keys.ts";
import type { Log } from "./state/log.ts";
import { createLog } from "./state/log.ts";
import type { Migration } from "./state/migrate.ts";
import type { Repository } from "./state/repository.ts";
import { createRepository } from "./state/repository.ts";
import type { ValueCodec } from "./state/values.ts";

export interface RepositorySpec<Id, T, P> {
  readonly kind: "repository";
  readonly keys: KeyCodec<Id, P>;
  readonly values: ValueCodec<T>;
}

export interface LogSpec<T> {
  readonly kind: "log";
  readonly values: ValueCodec<T>;
}

/** A room for values by id. */
export const repository = <Id, T, P>(
  keys: KeyCodec<Id, P>,
  values: ValueCodec<T>,
): RepositorySpec<Id, T, P> => ({ kind: "repository", keys, values });

/** A room for append-only logs. */
export const log = <T>(values: ValueCodec<T>): LogSpec<T> => ({ kind: "log", values });

/** Any room: its types come back out in `Rooms`. */
export type RoomSpec = RepositorySpec<any, any, any> | LogSpec<any>;
export type RoomSpecs = Readonly<Record<string, RoomSpec>>;

/** What is kept, and how that has changed since version 1. The version rises whenever a key or a value is written differently. */
export interface Schema<S extends RoomSpecs> {
  readonly version: number;
  readonly rooms: S;
  /** one for each version before this one */
  readonly migrations: readonly Migration[];
}

export type Rooms<S extends RoomSpecs> = {
  readonly [K in keyof S]: S[K] extends RepositorySpec<infer Id, infer T, infer P>
    ? Repository<Id, T, P>
    : S[K] extends LogSpec<infer T>
      ? Log<T>
      : never;
};

export function openRooms<S extends RoomSpecs>(database: Database, specs: S): Rooms<S> {
  const rooms = Object.entries(specs).map(([name, spec]) => [name, openRoom(database, name, spec)]);
  return Object.fromEntries(rooms) as Rooms<S>;
}

const openRoom = (database: Database, name: string, spec: RoomSpec): unknown =>
  spec.kind === "log"
    ? createLog(database, name, spec.values)
    : createRepository(database, name, spec.keys, spec.values);
