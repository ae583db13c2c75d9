import type { PeerId, Signer } from "@foldmesh/protocol";
import { signerOf } from "@foldmesh/protocol";
import { KEEP_ALIVE } from "@libp2p/interface";
import { type Blobs, createBlobs } from "./blobs/blobs.ts";
import { serveBlobs } from "./blobs/server.ts";
import { createMemoryBlobs } from "./blobs/source.ts";
import { startBootstrap } from "./bootstrap.ts";
import { startRests } from "./redial.ts";
import { ADVERT_NAMESPACE, createAdvertBook } from "./capabilities/advert-book.ts";
import { type Capabilities, createCapabilities } from "./capabilities/capabilities.ts";
import { DEFAULT_INTERVALS, DEFAULT_LIMITS, type NetworkConfig } from "./config.ts";
import type { Context } from "./context.ts";
import { createDirectory } from "./directory.ts";
import { asNetworkError } from "./errors.ts";
import { createEventHub, type EventHub, type Observer } from "./events.ts";
import { createGossipPort, type Gossip } from "./gossip.ts";
import { type Heartbeat, startHeartbeat } from "./heartbeat.ts";
import { createLagMeter } from "./lag.ts";
import { composeNode, type Node } from "./libp2p.ts";
import { greetNeighbours } from "./neighbours.ts";
import { createOffenceBook } from "./offences.ts";
import { libPeer, parseAddress, privateKeyOf } from "./peer.ts";
import { createPolice, type Police } from "./police.ts";
import { call, type CallOptions } from "./rpc/client.ts";
import type { Handler, Method } from "./rpc/method.ts";
import { serve } from "./rpc/server.ts";
import { failure, within } from "./streams.ts";

/** What is known of a connected peer. */
export interface ConnectedPeer {
  readonly peer: PeerId;
  readonly address: string;
  readonly direction: "inbound" | "outbound";
  /** ms, from the last ping */
  readonly roundTrip: number | undefined;
  /** 0, or below for a peer with offences */
  readonly score: number;
  /** it does not answer at the moment */
  readonly silent: boolean;
}

/** A running member of the network. */
export interface Network {
  readonly peer: PeerId;
  readonly signer: Signer;
  /** Multiaddrs on which others reach this node, with its peer id. */
  readonly addresses: () => readonly string[];
  readonly peers: () => readonly ConnectedPeer[];
  /** Connects to an address. @throws NetworkError BAD_ADDRESS, UNREACHABLE, TIMEOUT, ABORTED */
  readonly dial: (address: string, options?: CallOptions) => Promise<PeerId>;
  readonly hangUp: (peer: PeerId) => Promise<void>;
  /** Comes back to this peer when its connection is lost, for about a quarter of an hour. */
  readonly keepAlive: (peer: PeerId) => Promise<void>;
  readonly release: (peer: PeerId) => Promise<void>;
  /** Answers requests. @returns a function that stops answering */
  readonly handle: (method: Method, handler: Handler) => Promise<() => Promise<void>>;
  /** @throws RequestRefused, NetworkError */
  readonly call: (
    peer: PeerId,
    method: Method,
    request: Uint8Array,
    options?: CallOptions,
  ) => Promise<Uint8Array>;
  readonly gossip: Gossip;
  readonly blobs: Blobs;
  readonly capabilities: Capabilities;
  /** For misconduct that only the layers above can see; enough of it disconnects and bans. */
  readonly report: Police;
  /** @returns a function that ends the observation */
  readonly observe: (observer: Observer) => () => void;
  /** Withdraws the advert, hangs up and frees every port. Once stopped, it cannot start again. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a member of the network: daemon, dApp or test.
 * @param observer sees events from the very first on ("listening")
 * @throws NetworkError BAD_CONFIG, BAD_ADDRESS; also when none of the addresses can be listened on
 */
export async function createNetwork(config: NetworkConfig, observer?: Observer): Promise<Network> {
  const events = createEventHub();
  if (observer !== undefined) events.observe(observer);
  const bootstrap = (config.bootstrap ?? []).map(parseAddress);
  for (const each of [...(config.listen ?? []), ...(config.announce ?? [])]) parseAddress(each);

  const stopping = new AbortController();
  const clock = config.clock ?? Date.now;
  const book = createAdvertBook(clock, events);
  const context = await createContext(config, { clock, events, stopping: stopping.signal, book });
  const { node } = context;
  forwardEvents(node, events);
  const heartbeat = startHeartbeat(context);
  await startNode(node);
  events.emit({ kind: "listening", addresses: node.getMultiaddrs().map(String) });

  const directory = createDirectory(node, context.stopping);
  const source = config.blobs ?? createMemoryBlobs();
  await serveBlobs(context, { source, mayFetch: config.mayFetch ?? (() => true) });
  const capabilities = await createCapabilities(context, book, directory);
  const gossip = createGossipPort(context, config.topics);
  startRests(context);
  startBootstrap(context, bootstrap);
  if (config.mdns === true) greetNeighbours(context);
  return {
    ...connections(context, heartbeat),
    peer: context.signer.peer,
    signer: context.signer,
    handle: (method, handler) => serve(context, method, handler),
    call: (peer, method, request, options) => call(context, peer, method, request, options),
    gossip,
    blobs: createBlobs(context, source, directory),
    capabilities,
    report: context.police,
    observe: events.observe,
    stop: once(async () => {
      await capabilities.withdraw();
      stopping.abort(new Error("the network is stopping"));
      await node.stop();
    }),
  };
}

async function createContext(
  config: NetworkConfig,
  base: Pick<Context, "clock" | "events" | "stopping"> & {
    readonly book: ReturnType<typeof createAdvertBook>;
  },
): Promise<Context> {
  const { book, ...rest } = base;
  const key = await privateKeyOf(config.privateKey);
  const limits = { ...DEFAULT_LIMITS, ...config.limits };
  const intervals = { ...DEFAULT_INTERVALS, ...config.intervals };
  const offences = createOffenceBook(() => performance.now());
  const records = { [ADVERT_NAMESPACE]: book.rules };
  const node = await composeNode({ config, key, limits, intervals, offences, records });
  const lag = createLagMeter(() => performance.now());
  base.stopping.addEventListener("abort", lag.stop, { once: true });
  const police = createPolice({ node, offences, events: base.events, lag });
  return { ...rest, node, signer: signerOf(key), limits, intervals, offences, police, lag };
}

async function startNode(node: Node): Promise<void> {
  try {
    await node.start();
  } catch (thrown) {
    await node.stop();
    throw asNetworkError(thrown, "listening", "BAD_ADDRESS");
  }
}

function forwardEvents(node: Node, events: EventHub): void {
  node.addEventListener("peer:connect", ({ detail }) =>
    events.emit({ kind: "connected", peer: detail.toString() }),
  );
  node.addEventListener("peer:disconnect", ({ detail }) =>
    events.emit({ kind: "disconnected", peer: detail.toString() }),
  );
  node.addEventListener("peer:reconnect-failure", ({ detail }) =>
    events.emit({ kind: "lost", peer: detail.toString() }),
  );
}

type Connections = Pick<
  Network,
  "addresses" | "peers" | "dial" | "hangUp" | "keepAlive" | "release"
>;

function connections(
  { node, limits, offences, stopping }: Context,
  { isSilent }: Heartbeat,
): Connections {
  const tag = (peer: PeerId, value: { value: number } | undefined): Promise<unknown> =>
    node.peerStore.merge(libPeer(peer), { tags: { [`${KEEP_ALIVE}-foldmesh`]: value } });
  return {
    addresses: () => node.getMultiaddrs().map(String),
    peers: () =>
      node.getConnections().map(({ remotePeer, remoteAddr, direction, rtt }) => ({
        peer: remotePeer.toString(),
        address: remoteAddr.toString(),
        direction,
        roundTrip: rtt,
        score: offences.score(remotePeer.toString()),
        silent: isSilent(remotePeer.toString()),
      })),
    async dial(address, { signal } = {}) {
      const target = parseAddress(address);
      const limit = AbortSignal.any([stopping, ...(signal ? [signal] : [])]);
      const all = within(limits.dialTime, limit);
      try {
        return (await node.dial(target, { signal: all })).remotePeer.toString();
      } catch (thrown) {
        throw failure(thrown, `dialing ${address}`, all);
      }
    },
    hangUp: (peer) => node.hangUp(libPeer(peer)),
    keepAlive: async (peer) => void (await tag(peer, { value: 50 })),
    release: async (peer) => void (await tag(peer, undefined)),
  };
}

/** Later calls wait for the first. */
function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= action());
}
