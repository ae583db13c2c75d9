import type { CIDText } from "@foldmesh/protocol";
import { concat } from "uint8arrays/concat";
import { NetworkError } from "../errors.ts";

/** A blob's bytes in order, in pieces of any size. */
export type Chunks = AsyncIterable<Uint8Array>;

/** Where blobs are kept; the network serves from it and downloads into it. */
export interface BlobSource {
  /** bytes, or undefined when the blob is not held */
  readonly size: (cid: CIDText) => Promise<number | undefined>;
  /** The bytes from `offset` to the end. @throws NetworkError NOT_FOUND */
  readonly get: (cid: CIDText, offset?: number) => Chunks;
  /**
   * Keeps the blob once `chunks` has ended; `chunks` throws at its end when the bytes are not those of `cid`, and whatever has
   * been written until then must be dropped and the error passed on.
   */
  readonly put: (cid: CIDText, chunks: Chunks) => Promise<void>;
}

export function createMemoryBlobs(): BlobSource {
  const blobs = new Map<CIDText, Uint8Array>();
  return {
    size: (cid) => Promise.resolve(blobs.get(cid)?.length),
    async *get(cid, offset = 0) {
      const blob = blobs.get(cid);
      if (blob === undefined) throw new NetworkError("NOT_FOUND", `blob ${cid} is not held here`);
      yield blob.subarray(offset);
    },
    async put(cid, chunks) {
      blobs.set(cid, await collect(chunks));
    },
  };
}

/** All of it in memory. */
export async function collect(chunks: Chunks): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return concat(parts);
}

export async function* once(bytes: Uint8Array): Chunks & AsyncGenerator<Uint8Array> {
  yield bytes;
}
