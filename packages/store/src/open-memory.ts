import { MemoryLevel } from "memory-level";
import { createMemoryShelf } from "./blobs/memory-shelf.ts";
import type { RoomSpecs } from "./schema.ts";
import { Database } from "./state/database.ts";
import type { Store, StoreOptions } from "./store.ts";
import { assemble } from "./store.ts";

/** A store that lives as long as the process: for tests, simulations and light nodes. */
export async function openMemoryStore<S extends RoomSpecs>(
  options: StoreOptions<S>,
): Promise<Store<S>> {
  const database = new Database(new MemoryLevel(), false);
  return assemble(database, createMemoryShelf(), options, undefined);
}
