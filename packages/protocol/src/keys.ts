import { publicKeyFromRaw } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import type { Signer, Verifier } from "./envelope.ts";
import { peerFromPublicKey, publicKeyOf } from "./scalars.ts";

/** Signs with a node's libp2p key. */
export function signerOf(key: Ed25519PrivateKey): Signer {
  return { peer: peerFromPublicKey(key.publicKey.raw), sign: (bytes) => key.sign(bytes) };
}

/** Verifies with the Ed25519 key inside the peer's id. */
export const verifySignature: Verifier = async (peer, bytes, signature) => {
  try {
    return await publicKeyFromRaw(publicKeyOf(peer)).verify(bytes, signature);
  } catch {
    return false; // not a point on the curve: nobody can have signed with it
  }
};
