import type { Libp2pOptions } from "libp2p";

/** SHA-256 of bytes that come in pieces. */
export interface SHA256 {
  readonly update: (bytes: Uint8Array) => void;
  readonly digest: () => Uint8Array;
}

/** What differs between Node and a browser; `#platform` in package.json picks one. */
export interface Platform {
  readonly transports: (limits: {
    readonly maxConnections: number;
  }) => NonNullable<Libp2pOptions["transports"]>;
  readonly mdns: () => NonNullable<Libp2pOptions["peerDiscovery"]>;
  readonly createSHA256: () => SHA256;
}
