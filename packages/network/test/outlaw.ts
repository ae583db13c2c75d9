import { noise } from "@chainsafe/libp2p-noise";
import { identify } from "@libp2p/identify";
import type { Libp2p } from "@libp2p/interface";
import { kadDHT, type KadDHT, passthroughMapper } from "@libp2p/kad-dht";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { createLibp2p } from "libp2p";
import { onTestFinished } from "vitest";
import { KAD_PROTOCOL } from "../src/libp2p.ts";

export type Outlaw = Libp2p<{ dht: KadDHT }>;

/** A bare libp2p node that obeys no rule. Stopped when the test ends. */
export async function outlaw(): Promise<Outlaw> {
  const node = await createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: KAD_PROTOCOL,
        clientMode: false,
        peerInfoMapper: passthroughMapper,
        allowQueryWithZeroPeers: true,
        validators: { "foldmesh-cap": async () => undefined },
        selectors: { "foldmesh-cap": () => 0 },
      }),
    },
  });
  onTestFinished(async () => node.stop());
  return node;
}
