import type { PeerId } from "@foldmesh/protocol";
import { generateKeyPairFromSeed, privateKeyFromRaw } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey, PeerId as LibPeerId } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import type { Multiaddr } from "@multiformats/multiaddr";
import { multiaddr } from "@multiformats/multiaddr";
import { NetworkError } from "./errors.ts";

/** @throws NetworkError BAD_CONFIG */
export async function privateKeyOf(bytes: Uint8Array): Promise<Ed25519PrivateKey> {
  if (bytes.length === 32) return generateKeyPairFromSeed("Ed25519", bytes);
  if (bytes.length === 64) {
    const key = privateKeyFromRaw(bytes);
    if (key.type === "Ed25519") return key;
  }
  throw new NetworkError(
    "BAD_CONFIG",
    `expected an Ed25519 private key of 32 bytes (seed) or 64 (seed and public key), got ${bytes.length} bytes`,
  );
}

/** @throws NetworkError BAD_ADDRESS */
export function libPeer(peer: PeerId): LibPeerId {
  try {
    return peerIdFromString(peer);
  } catch (cause) {
    throw new NetworkError("BAD_ADDRESS", `expected a peer id such as 12D3Koo…, got "${peer}"`, {
      cause,
    });
  }
}

/** @throws NetworkError BAD_ADDRESS */
export function parseAddress(text: string): Multiaddr {
  try {
    const address = multiaddr(text);
    if (address.getComponents().length > 0) return address;
  } catch (cause) {
    throw badAddress(text, cause);
  }
  throw badAddress(text);
}

function badAddress(text: string, cause?: unknown): NetworkError {
  return new NetworkError(
    "BAD_ADDRESS",
    `expected a multiaddr such as /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…, got "${text}"`,
    { cause },
  );
}
