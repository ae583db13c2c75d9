import type { Codec } from "@foldmesh/protocol";
import { decodeCanonical, encodeCanonical } from "@foldmesh/protocol";

/** Between a value and the bytes that are kept of it; the store looks at neither. */
export interface ValueCodec<T> {
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array, what: string) => T;
}

/** Canonical DAG-CBOR. `decode` throws ProtocolError on anything else. */
export const canonical = <T>(codec: Codec<T>): ValueCodec<T> => ({
  encode: (value) => encodeCanonical(codec, value),
  decode: (bytes, what) => decodeCanonical(codec, bytes, what),
});

/** Bytes as they are: signed messages as they travelled, sealed things. */
export const opaque: ValueCodec<Uint8Array> = {
  encode: (bytes) => bytes,
  decode: (bytes) => bytes,
};
