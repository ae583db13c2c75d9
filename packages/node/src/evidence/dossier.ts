// Evidence as one file: the signed Evidence message, and for a wrong node the blobs that it speaks of.

import {
  type Codec,
  KINDS,
  bytes,
  decodeCanonical,
  encodeCanonical,
  list,
  struct,
  word,
} from "@foldmesh/protocol";

export interface Dossier {
  /** the signed Evidence message, as it travelled */
  readonly message: Uint8Array;
  /** by whatever CID they turn out to have */
  readonly blobs: readonly Uint8Array[];
}

const FORMAT = "foldmesh-evidence-1";
type Tagged = Dossier & { readonly format: typeof FORMAT };
const MAX_BLOB = 2 ** 30;

const codec: Codec<Tagged> = struct<Tagged>({
  format: word(FORMAT),
  message: bytes(1, KINDS.Evidence.limit),
  blobs: list(bytes(1, MAX_BLOB), 0, 8),
});

/** Canonical DAG-CBOR { format, message, blobs }. */
export function encodeDossier({ message, blobs }: Dossier): Uint8Array {
  return encodeCanonical<Tagged>(codec, { format: FORMAT, message, blobs });
}

/** @throws ProtocolError on anything that `encodeDossier` cannot have made */
export function decodeDossier(file: Uint8Array): Dossier {
  const { message, blobs } = decodeCanonical(codec, file, "evidence file");
  return { message, blobs };
}
