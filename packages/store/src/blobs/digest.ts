import type { CIDText } from "@foldmesh/protocol";
import { CID } from "multiformats/cid";
import * as Digest from "multiformats/hashes/digest";
import { StoreError } from "../errors.ts";

/** SHA-256 of a blob, 64 lower-case hexadecimal digits: what blobs are kept under, whatever codec their CID names. */
export type DigestHex = string;

const RAW = 0x55;
const SHA2_256 = 0x12;

/** @throws StoreError BAD_CID unless a CIDv1 over SHA-256 */
export function digestOfCID(text: CIDText): DigestHex {
  const cid = tryParse(text);
  if (cid?.version === 1 && cid.multihash.code === SHA2_256 && cid.multihash.size === 32) {
    return Buffer.from(cid.multihash.digest).toString("hex");
  }
  throw new StoreError("BAD_CID", `expected a CIDv1 over SHA-256, got ${JSON.stringify(text)}`);
}

/** The CID of raw bytes with this digest. */
export const rawCID = (digest: DigestHex): CIDText =>
  CID.createV1(
    RAW,
    Digest.create(SHA2_256, Uint8Array.from(Buffer.from(digest, "hex"))),
  ).toString();

/** On a thread of its own: a large blob takes long enough for others to take this node for dead. */
export async function digestOf(bytes: Uint8Array): Promise<DigestHex> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Buffer.from(digest).toString("hex");
}

function tryParse(text: CIDText): CID | undefined {
  try {
    return CID.parse(text);
  } catch {
    return undefined; // the caller says what was expected
  }
}
