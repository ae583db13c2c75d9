import { StoreError } from "../errors.ts";
import type { DigestHex } from "./digest.ts";
import type { Item } from "./shelf.ts";

/** A blob on the shelf. Its identity matters: one that was replaced is another. */
export interface Holding extends Item {
  /** of the reading at which its hash was last found right; undefined before that */
  stamp: string | undefined;
}

/**
 * What is held, in order of use, and how many bytes it takes: pure accounts, without I/O.
 *
 *     used = bytes held + bytes being written ≤ maxBytes
 */
export class Holdings {
  readonly maxBytes: number;
  readonly #isPinned: (digest: DigestHex) => boolean;
  /** longest unused first */
  readonly #held = new Map<DigestHex, Holding>();
  #heldBytes = 0;
  #pinnedBytes = 0;
  #draftBytes = 0;

  constructor(maxBytes: number, isPinned: (digest: DigestHex) => boolean) {
    this.maxBytes = maxBytes;
    this.#isPinned = isPinned;
  }

  get(digest: DigestHex): Holding | undefined {
    return this.#held.get(digest);
  }

  get blobs(): number {
    return this.#held.size;
  }

  get used(): number {
    return this.#heldBytes + this.#draftBytes;
  }

  get pinnedBytes(): number {
    return this.#pinnedBytes;
  }

  /** Takes `bytes` for a draft if they fit as things are. */
  tryReserve(bytes: number): boolean {
    if (this.used + bytes > this.maxBytes) return false;
    this.#draftBytes += bytes;
    return true;
  }

  unreserve(bytes: number): void {
    this.#draftBytes -= bytes;
  }

  /** Who gives way next. @throws StoreError STORE_FULL when `bytes` more would not fit even if everything unpinned were gone */
  victim(bytes: number): Holding | undefined {
    const fixed = this.#pinnedBytes + this.#draftBytes;
    if (fixed + bytes > this.maxBytes) {
      throw new StoreError(
        "STORE_FULL",
        `blobs: no room for ${bytes} bytes: ${fixed} of ${this.maxBytes} are pinned or being written`,
      );
    }
    return this.#held.values().find(({ digest }) => !this.#isPinned(digest));
  }

  add(holding: Holding): void {
    this.#held.set(holding.digest, holding);
    this.#heldBytes += holding.size;
    if (this.#isPinned(holding.digest)) this.#pinnedBytes += holding.size;
  }

  delete(holding: Holding): void {
    this.#held.delete(holding.digest);
    this.#heldBytes -= holding.size;
    if (this.#isPinned(holding.digest)) this.#pinnedBytes -= holding.size;
  }

  use(holding: Holding): void {
    if (this.#held.get(holding.digest) !== holding) return;
    this.#held.delete(holding.digest);
    this.#held.set(holding.digest, holding);
  }

  /** To be called when a digest has got its first pin (+1) or lost its last (−1). */
  onPinned(digest: DigestHex, sign: 1 | -1): void {
    this.#pinnedBytes += sign * (this.#held.get(digest)?.size ?? 0);
  }
}
