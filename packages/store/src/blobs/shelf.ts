import type { DigestHex } from "./digest.ts";

/** What a blob is kept as. */
export interface Item {
  readonly digest: DigestHex;
  /** bytes */
  readonly size: number;
}

/**
 * Where blobs lie: files, or memory. It knows nothing of hashes, quotas or pins. Two puts of one item may be under way at once;
 * placing and removing of names are never.
 */
export interface Shelf {
  /** Takes stock once, at the start, and takes away what an interrupted run has left. */
  readonly scan: () => Promise<ShelfScan>;
  readonly draft: () => Promise<Draft>;
  /** undefined when it is not there */
  readonly open: (item: Item) => Promise<Reading | undefined>;
  readonly remove: (item: Item) => Promise<void>;
}

export interface ShelfScan {
  /** longest unused first */
  readonly items: readonly Item[];
  /** unfinished writes, removed */
  readonly unfinished: number;
  /** of another length than they were written with, removed */
  readonly torn: readonly DigestHex[];
  /** names that are not ours, left alone */
  readonly strangers: readonly string[];
}

/** Bytes on their way to the shelf. Ends with one of `place` and `discard`, and `discard` may follow a failed `place`. */
export interface Draft {
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Makes the bytes durable. */
  readonly finish: () => Promise<void>;
  /** Puts them on the shelf at one stroke, durably, in the place of what may be there. */
  readonly place: (item: Item) => Promise<void>;
  readonly discard: () => Promise<void>;
}

export interface Reading {
  readonly size: number;
  /** changes when somebody else has changed the bytes; undefined while that could not be told */
  readonly stamp: string | undefined;
  /** Up to `length` bytes from `offset`, in memory of their own; none at the end. */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
  /** Notes the use, for the order after a restart; the stamp stays. */
  readonly touch: () => Promise<void>;
  readonly close: () => Promise<void>;
}
