import type { CIDText } from "@foldmesh/protocol";

/** A blob's bytes in order, in pieces of any size. */
export type Chunks = AsyncIterable<Uint8Array>;

/**
 * Blobs by content, within a quota. Whatever is handed out has been checked against its hash; a blob found damaged is removed and from then
 * on missing. Blobs that nobody has pinned give way, the longest unused first.
 *
 * `size`, `get` and `put` make it a `BlobSource` of the network package.
 */
export interface BlobStore {
  /** bytes, or undefined when the blob is not held. @throws StoreError BAD_CID, CLOSED, IO */
  readonly size: (cid: CIDText) => Promise<number | undefined>;
  /** The bytes from `offset` to the end. @throws StoreError NOT_FOUND, BAD_RANGE, BAD_CID, CLOSED, IO */
  readonly get: (cid: CIDText, offset?: number) => Chunks;
  /**
   * Keeps the blob once `chunks` has ended. When it throws, for whatever reason, nothing has been kept; what `chunks` throws passes through.
   * @throws StoreError BAD_BLOB, STORE_FULL, BAD_CID, CLOSED, IO
   */
  readonly put: (cid: CIDText, chunks: Chunks, options?: PutOptions) => Promise<void>;
  /** Keeps bytes and returns their CID (raw). @throws StoreError STORE_FULL, CLOSED, IO */
  readonly add: (bytes: Uint8Array) => Promise<CIDText>;
  /** All of a blob, or undefined when it is not held. @throws StoreError BAD_CID, CLOSED, IO */
  readonly read: (cid: CIDText) => Promise<Uint8Array | undefined>;
  /** Drops a blob now; false when it was not held. @throws StoreError PINNED, BAD_CID, CLOSED, IO */
  readonly remove: (cid: CIDText) => Promise<boolean>;
  /**
   * Holds blobs for an owner (a job), whether they are here already or come later; pins survive restarts. Pin first, then put.
   * @throws StoreError STORE_FULL, BAD_CID, CLOSED, IO
   */
  readonly pin: (owner: string, cids: readonly CIDText[]) => Promise<void>;
  readonly unpin: (owner: string, cids: readonly CIDText[]) => Promise<void>;
  /** Drops all pins of an owner. */
  readonly release: (owner: string) => Promise<void>;
  /** What an owner pins. */
  readonly pinned: (owner: string) => readonly CIDText[];
  /** Who pins anything; those whose jobs are over can be released. */
  readonly owners: () => readonly string[];
  readonly usage: () => BlobUsage;
}

export interface PutOptions {
  /** bytes that will come: room for them is made at once, and another number is a BAD_BLOB */
  readonly length?: number;
}

export interface BlobUsage {
  readonly blobs: number;
  /** held, with those still being written; never above `maxBytes` */
  readonly bytes: number;
  /** held and pinned */
  readonly pinnedBytes: number;
  readonly maxBytes: number;
}

/** A blob that was found damaged and removed. */
export interface BlobDamage {
  readonly cid: CIDText;
  readonly detail: string;
}
