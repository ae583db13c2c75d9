import { createHash } from "node:crypto";
import { mdns } from "@libp2p/mdns";
import { tcp } from "@libp2p/tcp";
import { webSockets } from "@libp2p/websockets";
import type { Platform } from "./platform.ts";

/** What this package needs from Node: sockets, multicast and a fast SHA-256. */
export const platform: Platform = {
  transports: ({ maxConnections }) => [
    tcp({
      maxConnections,
      backlog: 128,
      closeServerOnMaxConnections: {
        closeAbove: maxConnections,
        listenBelow: Math.floor(0.9 * maxConnections),
      },
    }),
    webSockets(),
  ],
  mdns: () => [mdns({ serviceTag: "_foldmesh._udp.local", interval: 10_000 })],
  createSHA256() {
    const hash = createHash("sha256");
    return {
      update: (bytes) => void hash.update(bytes),
      digest: () => new Uint8Array(hash.digest()),
    };
  },
};
