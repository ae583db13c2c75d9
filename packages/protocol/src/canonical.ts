import * as dagCBOR from "@ipld/dag-cbor";
import { ProtocolError } from "./errors.ts";
import type { Codec } from "./schema.ts";

/** The one encoding of a value: DAG-CBOR with shortest integers and keys sorted by length, then bytewise. */
export function encodeCanonical<T>(codec: Codec<T>, value: T): Uint8Array {
  return new Uint8Array(dagCBOR.encode(codec.encode(value))); // Node gives a Buffer, whose slices share memory
}

/**
 * Decodes and holds the bytes to `encodeCanonical` of the result, so every value has exactly one accepted encoding.
 * @param what the thing decoded, for messages
 * @param mostItems refused unread when it has more: a byte of a large blob can become an object of a hundred
 * @throws ProtocolError MALFORMED, NOT_CANONICAL, or what the codec found
 */
export function decodeCanonical<T>(
  codec: Codec<T>,
  bytes: Uint8Array,
  what: string,
  mostItems?: number,
): T {
  if (mostItems !== undefined) checkItems(bytes, mostItems, what);
  const value = codec.decode(decodeData(bytes, what), what);
  if (!equalBytes(encodeCanonical(codec, value), bytes)) {
    throw new ProtocolError(
      "NOT_CANONICAL",
      `${what}: not the canonical DAG-CBOR encoding of its values`,
    );
  }
  return value;
}

/** Counts heads without decoding (RFC 8949, 3): what follows a broken one does not matter, the decoder refuses it. */
function checkItems(bytes: Uint8Array, most: number, what: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let items = 0;
  for (let at = 0; at < bytes.length; items++) {
    if (items === most) {
      throw new ProtocolError("TOO_LARGE", `${what}: more than ${most} values in one blob`);
    }
    const major = bytes[at]! >> 5;
    const info = bytes[at]! & 31;
    const width = info < 24 || info > 27 ? 0 : 2 ** (info - 24);
    if (at + 1 + width > bytes.length) return;
    at += 1 + width;
    if (major === 2 || major === 3) at += width === 0 ? info : lengthAt(view, at - width, width);
  }
}

function lengthAt(view: DataView, at: number, width: number): number {
  if (width === 8) return Number(view.getBigUint64(at));
  return width === 4 ? view.getUint32(at) : width === 2 ? view.getUint16(at) : view.getUint8(at);
}

/** Any DAG-CBOR data; deep nesting overflows the decoder's stack and is caught here like any other refusal. */
export function decodeData(bytes: Uint8Array, what: string): unknown {
  try {
    return dagCBOR.decode(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProtocolError("MALFORMED", `${what}: not DAG-CBOR (${reason})`, { cause });
  }
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
