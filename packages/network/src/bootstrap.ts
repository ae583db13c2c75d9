import { KEEP_ALIVE } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import type { Context } from "./context.ts";
import { asNetworkError } from "./errors.ts";
import { within } from "./streams.ts";

const FIRST_RETRY = 1000;
const LAST_RETRY = 30_000;

/**
 * Dials the bootstrap addresses until each has been reached once, and keeps those peers alive from then on. Ours rather than
 * `@libp2p/bootstrap`: that one says nothing when a peer cannot be reached, tries only once, and needs to know the peer's id.
 */
export function startBootstrap(context: Context, addresses: readonly Multiaddr[]): void {
  for (const address of addresses) void reach(context, address);
}

async function reach(context: Context, address: Multiaddr): Promise<void> {
  for (let wait = FIRST_RETRY; !context.stopping.aborted; wait = Math.min(2 * wait, LAST_RETRY)) {
    if (await tryOnce(context, address)) return;
    await pause(wait, context.stopping);
  }
}

async function tryOnce(context: Context, address: Multiaddr): Promise<boolean> {
  const { node, events, limits, stopping } = context;
  try {
    const connection = await node.dial(address, { signal: within(limits.dialTime, stopping) });
    const peer = connection.remotePeer;
    await node.peerStore.merge(peer, { tags: { [`${KEEP_ALIVE}-bootstrap`]: { value: 50 } } });
    events.emit({ kind: "bootstrapped", peer: peer.toString(), address: address.toString() });
    return true;
  } catch (thrown) {
    if (stopping.aborted) return false;
    const { message: reason } = asNetworkError(thrown, `dialing ${address.toString()}`);
    events.emit({ kind: "bootstrap-failed", address: address.toString(), reason });
    return false;
  }
}

function pause(time: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, time);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
