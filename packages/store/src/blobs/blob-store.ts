import type { CIDText } from "@foldmesh/protocol";
import { asStoreError, StoreError } from "../errors.ts";
import type { DigestHex } from "./digest.ts";
import { digestOf, digestOfCID, rawCID } from "./digest.ts";
import type { Holding } from "./holdings.ts";
import { Holdings } from "./holdings.ts";
import type { PinsInit } from "./pins.ts";
import { Pins } from "./pins.ts";
import type { BlobDamage, BlobStore, BlobUsage, Chunks, PutOptions } from "./port.ts";
import { CHUNK_BYTES, streamChecked } from "./reading.ts";
import type { Reading, Shelf } from "./shelf.ts";
import { Stock } from "./stock.ts";
import { receive } from "./writing.ts";

export interface BlobStoreInit {
  readonly shelf: Shelf;
  readonly book: PinsInit["book"];
  readonly commit: PinsInit["commit"];
  readonly maxBytes: number;
  readonly onDamage?: ((damage: BlobDamage) => void) | undefined;
}

/** What the scan at the start found and did. */
export interface BlobRepairs {
  readonly blobs: number;
  readonly bytes: number;
  /** unfinished writes that were removed */
  readonly unfinished: number;
  readonly torn: readonly CIDText[];
  /** removed because they did not fit the quota any more */
  readonly evicted: number;
  /** names in the directory that are not ours, left alone */
  readonly strangers: readonly string[];
}

export interface OpenBlobs {
  readonly blobs: BlobStore;
  readonly repairs: BlobRepairs;
  /** Refuses all that comes after; writes under way end with CLOSED. */
  readonly close: () => void;
}

export async function openBlobs(init: BlobStoreInit): Promise<OpenBlobs> {
  const store = new ShelfBlobStore(init);
  return { blobs: store, repairs: await store.start(), close: () => store.close() };
}

class ShelfBlobStore implements BlobStore {
  readonly #stock: Stock;
  readonly #pins: Pins;
  readonly #onDamage: (damage: BlobDamage) => void;

  constructor({ shelf, book, commit, maxBytes, onDamage }: BlobStoreInit) {
    const holdings = new Holdings(maxBytes, (digest) => this.#pins.has(digest));
    this.#stock = new Stock(shelf, holdings);
    this.#pins = new Pins({ book, commit, onPinned: (...args) => holdings.onPinned(...args) });
    this.#onDamage = onDamage ?? (() => undefined);
  }

  async start(): Promise<BlobRepairs> {
    const { shelf, holdings } = this.#stock;
    await this.#pins.load();
    const { items, unfinished, torn, strangers } = await shelf.scan();
    for (const item of items) {
      if (holdings.get(item.digest)) await shelf.remove(item);
      else holdings.add({ ...item, stamp: undefined });
    }
    const evicted = await this.#stock.shrink();
    const { blobs, used: bytes } = holdings;
    return { blobs, bytes, unfinished, torn: torn.map(rawCID), evicted, strangers };
  }

  close(): void {
    this.#stock.close();
  }

  async size(cid: CIDText): Promise<number | undefined> {
    const found = await this.#find(digestOfCID(cid));
    await found?.reading.close();
    return found?.holding.size;
  }

  async *get(cid: CIDText, offset = 0): AsyncGenerator<Uint8Array> {
    const found = await this.#find(digestOfCID(cid));
    if (found === undefined) throw missing(cid);
    const { holding, reading } = found;
    try {
      checkOffset(cid, offset, holding.size);
      await reading.touch().catch(() => undefined); // a disk that cannot note it can still be read
      if (yield* streamChecked(reading, holding, offset)) return;
    } catch (thrown) {
      throw asStoreError(thrown, `reading blob ${cid}`);
    } finally {
      await reading.close();
    }
    await this.#stock.drop(holding);
    this.#report(holding.digest, "it changed while it was read");
    throw missing(cid);
  }

  async read(cid: CIDText): Promise<Uint8Array | undefined> {
    if ((await this.size(cid)) === undefined) return undefined;
    const parts: Uint8Array[] = [];
    for await (const part of this.get(cid)) parts.push(part);
    return new Uint8Array(Buffer.concat(parts));
  }

  async put(cid: CIDText, chunks: Chunks, options: PutOptions = {}): Promise<void> {
    if ((await this.size(cid)) !== undefined) return;
    await receive(this.#stock, { ...options, cid, digest: digestOfCID(cid) }, chunks);
  }

  async add(bytes: Uint8Array): Promise<CIDText> {
    const cid = rawCID(await digestOf(bytes));
    await this.put(cid, inPieces(bytes), { length: bytes.length });
    return cid;
  }

  async remove(cid: CIDText): Promise<boolean> {
    this.#stock.refuseIfClosed();
    const digest = digestOfCID(cid);
    const holding = this.#stock.holdings.get(digest);
    if (holding === undefined) return false;
    if (this.#pins.has(digest)) {
      throw new StoreError("PINNED", `blob ${cid} is pinned: release its owners first`);
    }
    return this.#stock.drop(holding);
  }

  async pin(owner: string, cids: readonly CIDText[]): Promise<void> {
    await this.#pins.pin(owner, cids.map(digestOfCID));
  }

  async unpin(owner: string, cids: readonly CIDText[]): Promise<void> {
    await this.#pins.unpin(owner, cids.map(digestOfCID));
  }

  async release(owner: string): Promise<void> {
    await this.#pins.unpin(owner, this.#pins.of(owner));
  }

  pinned(owner: string): readonly CIDText[] {
    return this.#pins.of(owner).map(rawCID);
  }

  owners(): readonly string[] {
    return this.#pins.owners;
  }

  usage(): BlobUsage {
    const { blobs, used: bytes, pinnedBytes, maxBytes } = this.#stock.holdings;
    return { blobs, bytes, pinnedBytes, maxBytes };
  }

  /** A checked blob, opened; the caller closes it. */
  async #find(digest: DigestHex): Promise<{ holding: Holding; reading: Reading } | undefined> {
    this.#stock.refuseIfClosed();
    const holding = this.#stock.holdings.get(digest);
    if (holding === undefined) return undefined;
    try {
      const reading = await this.#stock.open(holding, (detail) => this.#report(digest, detail));
      return reading && { holding, reading };
    } catch (thrown) {
      throw asStoreError(thrown, `opening blob ${rawCID(digest)}`);
    }
  }

  #report(digest: DigestHex, detail: string): void {
    this.#onDamage({ cid: rawCID(digest), detail });
  }
}

function checkOffset(cid: CIDText, offset: number, size: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0 && offset <= size) return;
  throw new StoreError(
    "BAD_RANGE",
    `blob ${cid}: expected an offset in [0, ${size}], got ${offset}`,
  );
}

const missing = (cid: CIDText): StoreError =>
  new StoreError("NOT_FOUND", `blob ${cid} is not held here`);

/** So that hashing them leaves others a turn in between. */
async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}
