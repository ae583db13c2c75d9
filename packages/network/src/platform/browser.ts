import { webSockets } from "@libp2p/websockets";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Platform } from "./platform.ts";

/** A page dials out over WebSockets and listens nowhere. */
export const platform: Platform = {
  transports: () => [webSockets()],
  mdns: () => [],
  createSHA256() {
    const hash = sha256.create();
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
  },
};
