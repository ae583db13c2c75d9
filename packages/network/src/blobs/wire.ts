import type { CIDText, Codec } from "@foldmesh/protocol";
import {
  cid,
  count,
  decodeCanonical,
  encodeCanonical,
  ProtocolError,
  struct,
  union,
  word,
} from "@foldmesh/protocol";
import { NetworkError } from "../errors.ts";
import type { Chunks } from "./source.ts";

/*
 * reader → holder  Request
 * holder → reader  Answer
 * holder → reader  chunks of up to CHUNK_BYTES until the size is reached; at most WINDOW of them without acknowledgement
 * reader → holder  now and then, and for the last chunk, the number of chunks taken so far (4 bytes, big endian)
 */
export const BLOB_PROTOCOL = "/foldmesh/blob/1.0.0";
export const CHUNK_BYTES: number = 256 * 1024;
/** chunks in flight: memory on both sides is bounded by WINDOW · CHUNK_BYTES = 2 MiB a transfer */
export const WINDOW = 8;
/** Chunks to a reader's acknowledgement: each wakes the holder up. Less than WINDOW, so that the holder never has to stop for one. */
export const ACK_EVERY = 4;
export const MAX_HEADER = 256;
export const ACK_BYTES = 4;

export interface BlobRequest {
  readonly cid: CIDText;
  /** bytes that the reader already has */
  readonly offset: number;
}

export type BlobAnswer =
  | { readonly kind: "found"; readonly size: number }
  | { readonly kind: "missing" }
  | { readonly kind: "busy" };

const request: Codec<BlobRequest> = struct<BlobRequest>({ cid, offset: count });

const answer: Codec<BlobAnswer> = union<BlobAnswer>({
  found: struct<Extract<BlobAnswer, { kind: "found" }>>({ kind: word("found"), size: count }),
  missing: struct<Extract<BlobAnswer, { kind: "missing" }>>({ kind: word("missing") }),
  busy: struct<Extract<BlobAnswer, { kind: "busy" }>>({ kind: word("busy") }),
});

export const encodeRequest = (value: BlobRequest): Uint8Array => encodeCanonical(request, value);
export const encodeAnswer = (value: BlobAnswer): Uint8Array => encodeCanonical(answer, value);
/** @throws NetworkError MALFORMED */
export const decodeRequest = (bytes: Uint8Array): BlobRequest => decode(request, bytes, "request");
/** @throws NetworkError MALFORMED */
export const decodeAnswer = (bytes: Uint8Array): BlobAnswer => decode(answer, bytes, "answer");

function decode<T>(codec: Codec<T>, bytes: Uint8Array, what: string): T {
  try {
    return decodeCanonical(codec, bytes, `blob ${what}`);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new NetworkError("MALFORMED", cause.message, { cause });
  }
}

export function encodeAck(taken: number): Uint8Array {
  const bytes = new Uint8Array(ACK_BYTES);
  new DataView(bytes.buffer).setUint32(0, taken);
  return bytes;
}

/** @throws NetworkError MALFORMED unless the count rises and stays within what was sent */
export function decodeAck(bytes: Uint8Array, before: number, sent: number): number {
  const taken = bytes.length === ACK_BYTES ? viewOf(bytes).getUint32(0) : -1;
  if (taken > before && taken <= sent) return taken;
  throw new NetworkError(
    "MALFORMED",
    `expected an acknowledgement in (${before}, ${sent}], got ${taken}`,
  );
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Cuts pieces of any size into chunks of at most CHUNK_BYTES, without copying and without empty ones. */
export async function* rechunk(chunks: Chunks): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += CHUNK_BYTES) {
      yield chunk.subarray(at, at + CHUNK_BYTES);
    }
  }
}
