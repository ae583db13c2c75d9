import type { CIDText } from "@foldmesh/protocol";
import { CID } from "multiformats/cid";
import * as Digest from "multiformats/hashes/digest";
import { platform } from "#platform";
import { NetworkError } from "../errors.ts";

const RAW = 0x55;
const SHA2_256 = 0x12;

/** The CID of bytes: version 1, raw, SHA-256. */
export function cidOfBytes(bytes: Uint8Array): CIDText {
  const hash = platform.createSHA256();
  hash.update(bytes);
  return cidOfDigest(hash.digest()).toString();
}

export const cidOfDigest = (digest: Uint8Array): CID =>
  CID.createV1(RAW, Digest.create(SHA2_256, digest));

/** @throws NetworkError BAD_ADDRESS unless a CIDv1 over SHA-256 */
export function parseCID(text: CIDText): CID {
  const cid = tryParse(text);
  if (cid?.version === 1 && cid.multihash.code === SHA2_256 && cid.multihash.size === 32)
    return cid;
  throw new NetworkError("BAD_ADDRESS", `expected a CIDv1 over SHA-256, got "${text}"`);
}

function tryParse(text: CIDText): CID | undefined {
  try {
    return CID.parse(text);
  } catch {
    return undefined; // the caller says what was expected
  }
}
