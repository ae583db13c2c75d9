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
 * @throws ProtocolError MALFORMED, NOT_CANONICAL, or what the codec found
 */
export function decodeCanonical<T>(codec: Codec<T>, bytes: Uint8Array, what: string): T {
  const value = codec.decode(decodeData(bytes, what), what);
  if (!equalBytes(encodeCanonical(codec, value), bytes)) {
    throw new ProtocolError(
      "NOT_CANONICAL",
      `${what}: not the canonical DAG-CBOR encoding of its values`,
    );
  }
  return value;
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
