import { BaseDatastore } from "datastore-core";
import type { Datastore, KeyQuery, Pair, Query } from "interface-datastore";
import { Key } from "interface-datastore";
import { NetworkError } from "./errors.ts";

/** Where kad-dht keeps what others ask us to keep: values and provider records. */
const RECORDS = "/dht/";

/** libp2p's datastore in memory, in which at most `maxRecords` records of others are kept: the oldest goes first. */
export function createRecordStore(maxRecords: number): Datastore {
  return new RecordStore(maxRecords);
}

/** A class because libp2p's datastores share their queries by inheritance. */
class RecordStore extends BaseDatastore {
  readonly #maxRecords: number;
  readonly #own = new Map<string, Uint8Array>();
  readonly #records = new Map<string, Uint8Array>();
  /** names of records by the part before their last slash: kad-dht asks for that with each request for providers */
  readonly #groups = new Map<string, Set<string>>();

  constructor(maxRecords: number) {
    super();
    this.#maxRecords = maxRecords;
  }

  #mapOf(name: string): Map<string, Uint8Array> {
    return name.startsWith(RECORDS) ? this.#records : this.#own;
  }

  override put(key: Key, value: Uint8Array): Key {
    const name = key.toString();
    this.#remove(name); // so that it goes to the end of the insertion order
    this.#mapOf(name).set(name, value);
    if (name.startsWith(RECORDS)) this.#join(name);
    const [oldest] = this.#records.keys();
    if (this.#records.size > this.#maxRecords && oldest !== undefined) this.#remove(oldest);
    return key;
  }

  #join(name: string): void {
    const group = this.#groups.get(groupOf(name)) ?? new Set();
    this.#groups.set(groupOf(name), group.add(name));
  }

  #remove(name: string): void {
    this.#mapOf(name).delete(name);
    const group = this.#groups.get(groupOf(name));
    group?.delete(name);
    if (group?.size === 0) this.#groups.delete(groupOf(name));
  }

  override get(key: Key): Uint8Array {
    const name = key.toString();
    const value = this.#mapOf(name).get(name);
    if (value !== undefined) return value;
    const missing = new NetworkError("NOT_FOUND", `no record ${name}`);
    missing.name = "NotFoundError"; // what libp2p looks for
    throw missing;
  }

  override has(key: Key): boolean {
    const name = key.toString();
    return this.#mapOf(name).has(name);
  }

  override delete(key: Key): void {
    this.#remove(key.toString());
  }

  override *_all({ prefix = "" }: Query): Generator<Pair> {
    for (const name of this.#names(prefix)) {
      const value = this.#mapOf(name).get(name);
      if (value !== undefined) yield { key: new Key(name), value }; // else deleted since
    }
  }

  override *_allKeys({ prefix = "" }: KeyQuery): Generator<Key> {
    for (const name of this.#names(prefix)) yield new Key(name);
  }

  /** A snapshot: queries are slow and the store changes meanwhile. */
  #names(prefix: string): readonly string[] {
    const group = this.#groups.get(prefix);
    if (group !== undefined) return [...group];
    const names = [...this.#own.keys(), ...this.#records.keys()];
    return names.filter((name) => name.startsWith(prefix));
  }
}

const groupOf = (name: string): string => name.slice(0, name.lastIndexOf("/"));
