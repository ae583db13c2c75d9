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

  constructor(maxRecords: number) {
    super();
    this.#maxRecords = maxRecords;
  }

  #mapOf(key: string): Map<string, Uint8Array> {
    return key.startsWith(RECORDS) ? this.#records : this.#own;
  }

  override put(key: Key, value: Uint8Array): Key {
    const name = key.toString();
    const map = this.#mapOf(name);
    map.delete(name); // to the end of the insertion order
    map.set(name, value);
    if (this.#records.size > this.#maxRecords) this.#forgetOldest();
    return key;
  }

  #forgetOldest(): void {
    for (const name of this.#records.keys()) {
      this.#records.delete(name);
      return;
    }
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
    const name = key.toString();
    this.#mapOf(name).delete(name);
  }

  /** Compares text before it makes keys: kad-dht scans by prefix on each request for providers. */
  override *_all({ prefix }: Query): Generator<Pair> {
    for (const map of [this.#own, this.#records]) {
      for (const [name, value] of map) {
        if (prefix === undefined || name.startsWith(prefix)) yield { key: new Key(name), value };
      }
    }
  }

  override *_allKeys({ prefix }: KeyQuery): Generator<Key> {
    for (const { key } of this._all(prefix === undefined ? {} : { prefix })) yield key;
  }
}
