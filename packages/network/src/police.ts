import type { PeerId } from "@foldmesh/protocol";
import type { EventHub } from "./events.ts";
import type { Node } from "./libp2p.ts";
import type { Offence, OffenceBook } from "./offences.ts";
import { libPeer } from "./peer.ts";

/** Writes an offence down, and disconnects or bans the peer when it has been too much. */
export type Police = (peer: PeerId, offence: Offence, detail: string) => void;

export function createPolice(node: Node, offences: OffenceBook, events: EventHub): Police {
  return (peer, offence, detail) => {
    const wasBanned = offences.isBanned(peer);
    const standing = offences.add(peer, offence);
    events.emit({ kind: "offence", peer, offence, detail, score: offences.score(peer) });
    if (standing === "good") return;
    if (standing === "banned" && !wasBanned) events.emit({ kind: "banned", peer });
    disconnect(node, peer);
  };
}

/** At once and without a farewell, after what is under way in this turn (a reply that says why). */
function disconnect(node: Node, peer: PeerId): void {
  for (const connection of node.getConnections(libPeer(peer))) {
    queueMicrotask(() => connection.abort(new Error("disconnected for its offences")));
  }
}
