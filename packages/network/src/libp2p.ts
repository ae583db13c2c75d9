import { noise } from "@chainsafe/libp2p-noise";
import { autoNAT } from "@libp2p/autonat";
import { circuitRelayServer, circuitRelayTransport } from "@libp2p/circuit-relay-v2";
import { dcutr } from "@libp2p/dcutr";
import type { GossipSub } from "@libp2p/gossipsub";
import type { Identify } from "@libp2p/identify";
import { identify } from "@libp2p/identify";
import type { Ed25519PrivateKey, Libp2p } from "@libp2p/interface";
import type { SingleKadDHT, ValidateFn, SelectFn } from "@libp2p/kad-dht";
import { kadDHT, passthroughMapper, removePrivateAddressesMapper } from "@libp2p/kad-dht";
import type { Ping } from "@libp2p/ping";
import { ping } from "@libp2p/ping";
import { yamux } from "@libp2p/yamux";
import type { Libp2pOptions, ServiceFactoryMap } from "libp2p";
import { createLibp2p } from "libp2p";
import { platform } from "#platform";
import type { Intervals, Limits, NetworkConfig } from "./config.ts";
import { createGossip } from "./gossip-options.ts";
import type { OffenceBook } from "./offences.ts";
import { createRecordStore } from "./record-store.ts";
import { sparing } from "./yamux-mend.ts";

export const KAD_PROTOCOL = "/foldmesh/kad/1.0.0";

export type Services = {
  identify: Identify;
  ping: Ping;
  dht: SingleKadDHT;
  gossip: GossipSub;
};

export type Node = Libp2p<Services>;

/** A record namespace of the DHT: refuses bad records, and chooses the best of good ones. */
export interface RecordRules {
  readonly validate: ValidateFn;
  readonly select: SelectFn;
}

export interface NodeInit {
  readonly config: NetworkConfig;
  readonly key: Ed25519PrivateKey;
  readonly limits: Limits;
  readonly intervals: Intervals;
  readonly offences: OffenceBook;
  readonly records: Readonly<Record<string, RecordRules>>;
}

/** The one composition that daemons, dApps and tests run; not started. */
export function composeNode(init: NodeInit): Promise<Node> {
  const { config, key, limits } = init;
  const home = config.relay === "use";
  return createLibp2p<Services>({
    start: false,
    privateKey: key,
    nodeInfo: { userAgent: config.software ?? "foldmesh" },
    addresses: {
      listen: [...(config.listen ?? []), ...(home ? ["/p2p-circuit"] : [])],
      ...(config.announce && { announce: [...config.announce] }),
    },
    transports: [
      ...platform.transports({ maxConnections: limits.maxConnections }),
      ...(home ? [circuitRelayTransport()] : []),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [createMuxer(limits)],
    peerDiscovery: config.mdns === true ? platform.mdns() : [],
    datastore: createRecordStore(limits.maxRecords),
    services: { ...coreServices(init), ...relayServices(config) },
    ...connectionOptions(init),
  });
}

/** Windows under which a slow reader is held back instead of reset, and 256 streams on one connection. */
function createMuxer(limits: Limits): ReturnType<typeof yamux> {
  const create = yamux({
    maxInboundStreams: limits.streamsPerConnection,
    streamOptions: { maxStreamWindowSize: 4 << 20, maxReadBufferLength: 8 << 20 },
  });
  return (...components) => sparing(create(...components));
}

function connectionOptions(
  init: NodeInit,
): Pick<Libp2pOptions, "connectionManager" | "connectionMonitor" | "connectionGater"> {
  const { config, limits, offences } = init;
  const banned = (peer: { toString: () => string }): boolean => offences.isBanned(peer.toString());
  return {
    connectionManager: {
      maxConnections: limits.maxConnections,
      maxIncomingPendingConnections: limits.maxPendingConnections,
      inboundConnectionThreshold: config.reach === "local" ? 1000 : limits.connectionsPerSecond,
      dialTimeout: limits.dialTime,
      // about a quarter of an hour of attempts for a peer tagged keep-alive
      reconnectRetries: 20,
      reconnectRetryInterval: 500,
      reconnectBackoffFactor: 1.4,
    },
    connectionMonitor: { enabled: false }, // heartbeat.ts
    connectionGater: {
      denyDialPeer: banned,
      denyInboundEncryptedConnection: banned,
      denyInboundRelayReservation: banned,
      ...(config.reach === "local" && { denyDialMultiaddr: () => false }),
    },
  };
}

const PINGS_AT_ONCE = 32;

function coreServices(init: NodeInit): ServiceFactoryMap<Services> {
  const dht = createDHT(init);
  return {
    identify: identify({ runOnLimitedConnection: true }),
    // our heartbeat keeps one open, and the DHT pings too: libp2p's limit is one stream
    ping: ping({
      runOnLimitedConnection: true,
      maxOutboundStreams: PINGS_AT_ONCE,
      maxInboundStreams: PINGS_AT_ONCE,
    }),
    dht: (components) => dht(components) as SingleKadDHT, // there is no other implementation
    gossip: createGossip(init),
  };
}

function createDHT({ config, intervals, records }: NodeInit): ReturnType<typeof kadDHT> {
  const rules = Object.entries(records);
  return kadDHT({
    protocol: KAD_PROTOCOL,
    clientMode: config.directory === "client",
    peerInfoMapper: config.reach === "local" ? passthroughMapper : removePrivateAddressesMapper,
    // Queries need not wait for a first look around, which unresponsive peers may delay by seconds. But answering at once without
    // a server makes libp2p's random walk, with which relays are found, spin for ever.
    allowQueryWithZeroPeers: config.relay === undefined || config.relay === "none",
    initialQuerySelfInterval: 100,
    alpha: 3,
    disjointPaths: 3,
    validators: Object.fromEntries(rules.map(([name, { validate }]) => [name, validate])),
    selectors: Object.fromEntries(rules.map(([name, { select }]) => [name, select])),
    reprovide: {
      validity: intervals.advert,
      threshold: intervals.advert / 2,
      interval: intervals.advert / 8,
    },
  });
}

/** Never called by name, so absent from `Services`. */
function relayServices({ relay }: NetworkConfig): object {
  return {
    ...(relay === "serve" && { relay: circuitRelayServer() }),
    ...(relay !== undefined && relay !== "none" && { autoNAT: autoNAT() }),
    ...(relay === "use" && { dcutr: dcutr() }),
  };
}
