import type { Connection, PeerId as LibPeerId } from "@libp2p/interface";

/** What of gossipsub its interface does not show. */
export interface GossipStreams {
  readonly streamsOutbound: { readonly has: (peer: string) => boolean };
  readonly onPeerConnected: (peer: LibPeerId, connection: Connection) => void;
}

/** Heartbeats without a stream before one is opened, and between attempts: gossipsub's own may be under way. */
const PATIENCE = 4;

/**
 * Gossipsub opens its stream to a peer when that connects, and never again: when the stream fails on a busy machine, or goes
 * with one of two connections, the peer stays connected and hears nothing for good. This opens it again.
 * @returns to be called at every heartbeat
 */
export function createMender(
  streams: GossipStreams,
  connections: () => readonly Connection[],
): () => void {
  const missing = new Map<string, number>();
  return () => {
    const open = connections().filter(({ status }) => status === "open");
    const peers = new Map(open.map((each) => [each.remotePeer.toString(), each]));
    for (const name of missing.keys()) if (!peers.has(name)) missing.delete(name);
    for (const [name, connection] of peers) {
      if (streams.streamsOutbound.has(name)) {
        missing.delete(name);
        continue;
      }
      const beats = (missing.get(name) ?? 0) + 1;
      missing.set(name, beats % PATIENCE);
      if (beats === PATIENCE) streams.onPeerConnected(connection.remotePeer, connection);
    }
  };
}
