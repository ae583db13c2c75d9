import type { DigestHex } from "./digest.ts";
import type { Draft, Item, Reading, Shelf } from "./shelf.ts";

export function createMemoryShelf(): Shelf {
  const blobs = new Map<DigestHex, Uint8Array>();
  return {
    scan: () => Promise.resolve({ items: [], unfinished: 0, torn: [], strangers: [] }),
    draft: () => Promise.resolve(createDraft(blobs)),
    open: ({ digest }) => {
      const blob = blobs.get(digest);
      return Promise.resolve(blob && readingOf(blob));
    },
    remove: ({ digest }) => {
      blobs.delete(digest);
      return Promise.resolve();
    },
  };
}

function createDraft(blobs: Map<DigestHex, Uint8Array>): Draft {
  const parts: Uint8Array[] = [];
  return {
    write: (bytes) => {
      parts.push(bytes.slice());
      return Promise.resolve();
    },
    finish: () => Promise.resolve(),
    place: ({ digest }: Item) => {
      blobs.set(digest, new Uint8Array(Buffer.concat(parts)));
      return Promise.resolve();
    },
    discard: () => {
      parts.length = 0;
      return Promise.resolve();
    },
  };
}

const readingOf = (blob: Uint8Array): Reading => ({
  size: blob.length,
  stamp: "",
  read: (offset, length) => Promise.resolve(blob.slice(offset, offset + length)),
  touch: () => Promise.resolve(),
  close: () => Promise.resolve(),
});
