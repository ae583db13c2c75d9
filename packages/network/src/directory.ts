import type { PeerId } from "@foldmesh/protocol";
import type { QueryEvent } from "@libp2p/kad-dht";
import type { CID } from "multiformats/cid";
import { asNetworkError, NetworkError } from "./errors.ts";
import type { Node } from "./libp2p.ts";
import { within } from "./streams.ts";

/** The DHT: who provides what, and small signed records by name. */
export interface Directory {
  /** Says that this node provides `cid`, and again before it is forgotten. Without a server yet: as soon as there is one. */
  readonly provide: (cid: CID, signal?: AbortSignal) => Promise<void>;
  /** Stops saying so; others forget within the life of the record. */
  readonly withdraw: (cid: CID) => Promise<void>;
  /** Peers that said so (none when no server is known), each once, as they are found; their addresses are remembered for dialing. */
  readonly providers: (cid: CID, signal?: AbortSignal) => AsyncGenerator<PeerId>;
  readonly put: (key: Uint8Array, value: Uint8Array, signal?: AbortSignal) => Promise<void>;
  /** Valid records under `key` as they are found; the caller picks the best and may stop early. */
  readonly get: (key: Uint8Array, signal?: AbortSignal) => AsyncGenerator<Uint8Array>;
  /** how many DHT servers this node knows */
  readonly size: () => number;
}

/** ms a query may take when the caller sets no limit */
const QUERY_TIME = 30_000;
/** ms within which a new connection shows whether it leads to a DHT server: identify takes a few round trips */
const READY_TIME = 1500;
const READY_POLL = 20;

export function createDirectory(node: Node, stopping: AbortSignal): Directory {
  const { dht } = node.services;
  const size = (): number => dht.routingTable.size;
  const limited = (signal?: AbortSignal): AbortSignal =>
    within(QUERY_TIME, signal === undefined ? stopping : AbortSignal.any([stopping, signal]));

  async function* query(
    start: (signal: AbortSignal) => AsyncIterable<QueryEvent>,
    outer?: AbortSignal,
  ): AsyncGenerator<QueryEvent> {
    const signal = limited(outer);
    try {
      await untilReady(node, size, signal);
      if (size() > 0) yield* start(signal);
    } catch (thrown) {
      throw asNetworkError(signal.aborted ? signal.reason : thrown, "asking the DHT");
    }
  }

  const waiting = new Map<string, CID>();
  const provide = async (cid: CID, signal?: AbortSignal): Promise<void> => {
    await drain(query((each) => dht.provide(cid, { signal: each }), signal));
    if (size() === 0) waiting.set(cid.toString(), cid);
  };
  onServer(node, stopping, () => {
    const late = [...waiting.values()];
    waiting.clear();
    for (const cid of late) void provide(cid).catch(() => void waiting.set(cid.toString(), cid));
  });

  return {
    size,
    provide,
    async withdraw(cid) {
      waiting.delete(cid.toString());
      await dht.cancelReprovide(cid);
    },
    put: (key, value, signal) =>
      drain(query((each) => dht.put(key, value, { signal: each }), signal)),
    async *providers(cid, signal) {
      const seen = new Set<PeerId>();
      for await (const event of query((each) => dht.findProviders(cid, { signal: each }), signal)) {
        if (event.name !== "PROVIDER") continue;
        for (const { id, multiaddrs } of event.providers) {
          if (seen.has(id.toString())) continue;
          seen.add(id.toString());
          if (!id.equals(node.peerId)) await node.peerStore.merge(id, { multiaddrs });
          yield id.toString();
        }
      }
    },
    async *get(key, signal) {
      for await (const event of query((each) => dht.get(key, { signal: each }), signal)) {
        if (event.name === "VALUE") yield event.value;
        if (event.name === "PEER_RESPONSE" && event.record) yield event.record.value;
      }
    },
  };
}

/** Calls back whenever a server of the DHT has been added to those this node knows. */
export function onServer(node: Node, stopping: AbortSignal, met: () => void): void {
  const table = node.services.dht.routingTable as unknown as EventTarget; // more than its interface shows
  table.addEventListener("peer:add", met, { signal: stopping });
}

async function drain(events: AsyncIterable<QueryEvent>): Promise<void> {
  for await (const event of events) void event;
}

const hasNewConnection = (node: Node): boolean =>
  node.getConnections().some(({ timeline }) => Date.now() - timeline.open < READY_TIME);

/** A node that has just dialed knows its first DHT server only after identify. */
async function untilReady(node: Node, size: () => number, signal: AbortSignal): Promise<void> {
  while (size() === 0 && hasNewConnection(node)) {
    if (signal.aborted) throw new NetworkError("ABORTED", "asking the DHT was aborted");
    await new Promise((resolve) => setTimeout(resolve, READY_POLL));
  }
}
