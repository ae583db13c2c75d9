import { createHash } from "node:crypto";
import type { Item, Reading } from "./shelf.ts";

export const CHUNK_BYTES: number = 256 * 1024;

/** Whether all the bytes are those of the item. */
export async function hasDigest(reading: Reading, item: Item): Promise<boolean> {
  const chunks = streamChecked(reading, item, 0);
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) return value;
  }
}

/**
 * The bytes from `offset` on. Read from the start they are hashed on the way, and the last chunk comes only when the hash is right.
 * @returns whether all is well; if not, some bytes are missing or wrong
 */
export async function* streamChecked(
  reading: Reading,
  { digest, size }: Item,
  offset: number,
): AsyncGenerator<Uint8Array, boolean> {
  const hash = offset === 0 ? createHash("sha256") : undefined;
  for (let at = offset; at < size;) {
    const chunk = await reading.read(at, Math.min(CHUNK_BYTES, size - at));
    if (chunk.length === 0) return false;
    hash?.update(chunk);
    at += chunk.length;
    if (at === size && hash && hash.copy().digest("hex") !== digest) return false;
    yield chunk;
  }
  return size > 0 || hash === undefined || hash.digest("hex") === digest;
}
