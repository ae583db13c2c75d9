import { KEEP_ALIVE, type PeerId as LibPeerId } from "@libp2p/interface";
import type { Context } from "./context.ts";
import { within } from "./streams.ts";

/** A connection that ends this soon after it was made was not wanted by the other side. */
const BRIEF = 2_000;
/** How many of them in a row are put up with. */
const PATIENCE = 3;
const FIRST_REST = 1_000;
const LAST_REST = 60_000;
const MAX_VISITS = 4096;

type Tags = readonly [string, { readonly value: number }][];

interface Visits {
  readonly begun: number;
  /** brief ones in a row */
  readonly brief: number;
}

/**
 * A peer kept alive that hangs up as soon as it is connected, because it has banned this node or is full, is dialed by libp2p
 * at once and without end, ten times a second. Here it is left alone for a while, longer each time, and then dialed again.
 */
export function startRests({ node, limits, stopping }: Context): void {
  const visits = new Map<string, Visits>();
  node.addEventListener("peer:connect", ({ detail: peer }) => {
    const { brief = 0 } = visits.get(peer.toString()) ?? {};
    visits.set(peer.toString(), { begun: performance.now(), brief });
  });
  node.addEventListener("peer:disconnect", ({ detail: peer }) => {
    const { begun = 0, brief = 0 } = visits.get(peer.toString()) ?? {};
    if (performance.now() - begun > BRIEF) return void visits.delete(peer.toString());
    visits.set(peer.toString(), { begun, brief: brief + 1 });
    forgetOldest(visits);
    if (brief + 1 >= PATIENCE) rest(peer, FIRST_REST * 2 ** (brief + 1 - PATIENCE)).catch(() => {}); // the store is closed
  });

  async function rest(peer: LibPeerId, time: number): Promise<void> {
    const { tags } = await node.peerStore.get(peer);
    const kept = [...tags].filter(([name]) => name.startsWith(KEEP_ALIVE));
    if (kept.length === 0) return;
    await node.peerStore.merge(peer, {
      tags: Object.fromEntries(kept.map(([name]) => [name, undefined])),
    });
    dialLater(peer, kept, time);
  }

  function dialLater(peer: LibPeerId, kept: Tags, time: number): void {
    const wait = Math.min(time, LAST_REST);
    const dial = (): void => void end(peer, kept).catch(() => dialLater(peer, kept, 2 * wait));
    if (!stopping.aborted) setTimeout(dial, wait).unref();
  }

  async function end(peer: LibPeerId, kept: Tags): Promise<void> {
    await node.peerStore.merge(peer, { tags: Object.fromEntries(kept) });
    await node.dial(peer, { signal: within(limits.dialTime, stopping) });
  }
}

function forgetOldest(visits: Map<string, Visits>): void {
  if (visits.size <= MAX_VISITS) return;
  for (const peer of visits.keys()) {
    visits.delete(peer);
    return;
  }
}
