import type { PeerId } from "@foldmesh/protocol";
import type { EventHub } from "./events.ts";
import type { LagMeter } from "./lag.ts";
import type { Node } from "./libp2p.ts";
import type { Offence, OffenceBook } from "./offences.ts";
import { libPeer } from "./peer.ts";

/**
 * Writes an offence down, and disconnects or bans the peer when it has been too much.
 * @param waited ms that we waited in vain: nothing is held against the peer when it was we who stood still
 */
export type Police = (peer: PeerId, offence: Offence, detail: string, waited?: number) => void;

export interface PoliceInit {
  readonly node: Node;
  readonly offences: OffenceBook;
  readonly events: EventHub;
  readonly lag: LagMeter;
}

/** The share of a wait, and the least time in ms, that we must have stood still ourselves to excuse the other side. */
const EXCUSE_SHARE = 0.25;
const EXCUSE_MS = 250;

export function createPolice({ node, offences, events, lag }: PoliceInit): Police {
  return (peer, offence, detail, waited = 0) => {
    const paused = Math.round(lag.paused(waited));
    if (paused > Math.max(EXCUSE_MS, EXCUSE_SHARE * waited)) {
      return events.emit({ kind: "excused", peer, offence, detail, paused });
    }
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
