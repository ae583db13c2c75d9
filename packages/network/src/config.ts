import type { PeerId } from "@foldmesh/protocol";
import { LARGEST_LIMIT } from "@foldmesh/protocol";
import type { CIDText } from "@foldmesh/protocol";
import type { BlobSource } from "./blobs/source.ts";
import type { Rate } from "./rate-limit.ts";

/** Bounds on what others can make this node do. Times in ms, sizes in bytes. */
export interface Limits {
  readonly maxConnections: number;
  /** connections that are still being encrypted */
  readonly maxPendingConnections: number;
  /** new inbound connections a second from one IP address */
  readonly connectionsPerSecond: number;
  readonly streamsPerConnection: number;
  /** requests of one peer, each method counted on its own */
  readonly requests: Rate;
  readonly requestStreams: number;
  /** how long a request may take to arrive, and a reply to be taken */
  readonly transferTime: number;
  readonly dialTime: number;
  /** gossip messages passed on by one neighbour */
  readonly gossip: Rate;
  readonly maxGossipBytes: number;
  readonly blobRequests: Rate;
  readonly blobStreams: number;
  /** transfers served at once; public blobs get half of the places at most */
  readonly blobTransfers: number;
  /** the longest silence within a blob's transfer */
  readonly blobStall: number;
  readonly maxBlobBytes: number;
  /** records of the DHT kept for others */
  readonly maxRecords: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxConnections: 300,
  maxPendingConnections: 64,
  connectionsPerSecond: 10,
  streamsPerConnection: 256,
  requests: { perSecond: 100, burst: 400 },
  requestStreams: 64,
  transferTime: 10_000,
  dialTime: 10_000,
  gossip: { perSecond: 200, burst: 2000 },
  maxGossipBytes: LARGEST_LIMIT,
  blobRequests: { perSecond: 20, burst: 100 },
  blobStreams: 8,
  blobTransfers: 64,
  blobStall: 10_000,
  maxBlobBytes: 4 * 2 ** 30,
  maxRecords: 65_536,
};

/** How often things are said again. All ms. */
export interface Intervals {
  /** ping of every connection; a peer without an answer for `silence` is said to be silent, for `pingTimeout` disconnected */
  readonly ping: number;
  readonly silence: number;
  readonly pingTimeout: number;
  /** life of an advert and of provider records; both are renewed at half of it */
  readonly advert: number;
  readonly gossipHeartbeat: number;
}

export const DEFAULT_INTERVALS: Intervals = {
  ping: 500,
  silence: 2_000,
  pingTimeout: 10_000,
  advert: 120_000,
  gossipHeartbeat: 500,
};

export interface NetworkConfig {
  /** Ed25519: the 32-byte seed, or seed and public key (64 bytes) */
  readonly privateKey: Uint8Array;
  /** multiaddrs; none for a node that only dials */
  readonly listen?: readonly string[];
  /** multiaddrs told to others in place of the ones listened on */
  readonly announce?: readonly string[];
  /** multiaddrs to stay connected to, with or without /p2p/<peer> */
  readonly bootstrap?: readonly string[];
  /** daemons serve the DHT, dApps only ask */
  readonly directory: "server" | "client";
  /** `local`: loopback and private addresses are good ones, and many peers may share an IP address */
  readonly reach: "local" | "public";
  /** every gossip topic of the network; others are refused */
  readonly topics: readonly string[];
  /** `serve`: relay for others; `use`: be reached through relays and by hole punching, for homes behind NAT */
  readonly relay?: "none" | "serve" | "use";
  readonly mdns?: boolean;
  /** what this node serves and where downloads go; default an empty one in memory */
  readonly blobs?: BlobSource;
  /** whether `peer`, or whoever asks, may fetch `cid`; default everybody may fetch what they can name */
  readonly mayFetch?: (peer: PeerId | undefined, cid: CIDText) => boolean;
  readonly software?: string;
  readonly limits?: Partial<Limits>;
  readonly intervals?: Partial<Intervals>;
  /** ms since 1970, for adverts; default Date.now */
  readonly clock?: () => number;
}
