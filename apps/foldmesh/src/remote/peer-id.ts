import { createPrivateKey, createPublicKey } from "node:crypto";
import { type PeerId, peerFromPublicKey } from "@foldmesh/protocol";

/** An Ed25519 seed in PKCS #8 (RFC 8410) has this before its 32 bytes. */
const PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** The peer that a node with this Ed25519 seed is. */
export function peerOf(seed: Uint8Array): PeerId {
  const key = Buffer.concat([PREFIX, seed]);
  const { x } = createPublicKey(createPrivateKey({ key, format: "der", type: "pkcs8" })).export({
    format: "jwk",
  });
  return peerFromPublicKey(new Uint8Array(Buffer.from(x!, "base64url")));
}
