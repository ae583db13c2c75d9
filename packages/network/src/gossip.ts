import type { Kind, PeerId, SignedMessage } from "@foldmesh/protocol";
import { openMessage, ProtocolError, verifySignature } from "@foldmesh/protocol";
import type { Message } from "@libp2p/gossipsub";
import { TopicValidatorResult } from "@libp2p/gossipsub";
import type { PeerId as LibPeerId } from "@libp2p/interface";
import type { Context } from "./context.ts";
import { assert } from "./errors.ts";
import { createMender, type GossipStreams } from "./gossip-mend.ts";
import { GRAYLIST_SCORE } from "./gossip-options.ts";
import { createLimiter } from "./rate-limit.ts";

export interface GossipMessage {
  readonly topic: string;
  readonly bytes: Uint8Array;
  /** the neighbour that passed it on; the author's name is in the signed content */
  readonly via: PeerId;
}

/** `reject` counts against the neighbour and stops the message; `ignore` only stops it. */
export type Judgement<T> =
  | { readonly verdict: "accept"; readonly value: T }
  | { readonly verdict: "ignore" }
  | { readonly verdict: "reject"; readonly reason: string };

/** Decodes and judges a message before it is passed on. A ProtocolError it throws counts as `reject`. */
export type Judge<T> = (message: GossipMessage) => Judgement<T> | Promise<Judgement<T>>;

/** What is done with an accepted message. */
export type Handle<T> = (value: T, message: GossipMessage) => void | Promise<void>;

export interface Gossip {
  /** Sends to everybody in the topic; at most `maxGossipBytes`. Nobody listening is no error. */
  readonly publish: (topic: string, bytes: Uint8Array) => Promise<void>;
  /**
   * Takes part in a topic: one subscriber each. `handle` gets every accepted message once, but not our own.
   * @returns a function that leaves the topic
   */
  readonly subscribe: <T>(topic: string, judge: Judge<T>, handle: Handle<T>) => () => void;
  /** connected peers that take part in the topic: our own messages go to all of them */
  readonly subscribers: (topic: string) => readonly PeerId[];
  /** those to whom we pass on what others say; chosen at the heartbeat after they appear */
  readonly neighbours: (topic: string) => readonly PeerId[];
}

/**
 * A judge for signed protocol messages of the given kinds.
 * @param check what can be seen of the content before it is passed on; throws ProtocolError for what nobody should pass on
 */
export function signedMessages<K extends Kind>(
  kinds: readonly K[],
  check: (message: { [E in K]: SignedMessage<E> }[K]) => Promise<void> = () => Promise.resolve(),
): Judge<{ [E in K]: SignedMessage<E> }[K]> {
  return async ({ bytes }) => {
    const value = await openMessage(verifySignature, bytes, ...kinds);
    await check(value);
    return { verdict: "accept", value };
  };
}

export function createGossipPort(context: Context, topics: readonly string[]): Gossip {
  const { node, limits, stopping } = context;
  const pubsub = node.services.gossip;
  const internals = pubsub as unknown as Internals;
  const known = new Set(topics);
  const limiter = createLimiter(limits.gossip, () => performance.now());
  watchScores(context);
  const mend = createMender(internals, () => node.getConnections());
  pubsub.addEventListener("gossipsub:heartbeat", mend, { signal: stopping });

  const judged = async <T>(
    judge: Judge<T>,
    handle: Handle<T>,
    message: GossipMessage,
  ): Promise<TopicValidatorResult> => {
    const judgement = limiter(message.via)
      ? await judgeSafely(context, judge, message)
      : flooded(context, message);
    if (judgement.verdict === "accept" && !stopping.aborted) {
      void handleSafely(context, handle, judgement.value, message);
    }
    if (judgement.verdict === "reject") {
      context.police(message.via, "bad-gossip", `${message.topic}: ${judgement.reason}`);
    }
    return RESULTS[judgement.verdict];
  };

  return {
    async publish(topic, bytes) {
      assert(known.has(topic), `topic ${topic} is not in the configuration`);
      assert(bytes.length <= limits.maxGossipBytes, "gossip over its limit: send it as a blob");
      await pubsub.publish(topic, bytes);
    },
    subscribe(topic, judge, handle) {
      assert(known.has(topic), `topic ${topic} is not in the configuration`);
      assert(!pubsub.topicValidators.has(topic), `topic ${topic} has a subscriber`);
      pubsub.topicValidators.set(topic, (via: LibPeerId, { data }: Message) =>
        judged(judge, handle, { topic, bytes: new Uint8Array(data), via: via.toString() }),
      );
      pubsub.subscribe(topic);
      return () => {
        pubsub.unsubscribe(topic);
        pubsub.topicValidators.delete(topic);
      };
    },
    subscribers: (topic) => pubsub.getSubscribers(topic).map(String),
    neighbours: (topic) => [...(internals.mesh.get(topic) ?? [])],
  };
}

/** After the message has been passed on, so that slow work here delays nobody. */
async function handleSafely<T>(
  { events }: Context,
  handle: Handle<T>,
  value: T,
  message: GossipMessage,
): Promise<void> {
  await Promise.resolve();
  try {
    await handle(value, message);
  } catch (error) {
    events.emit({ kind: "handler-failed", where: message.topic, error });
  }
}

const RESULTS = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const;

async function judgeSafely<T>(
  { limits, events }: Context,
  judge: Judge<T>,
  message: GossipMessage,
): Promise<Judgement<T>> {
  if (message.bytes.length > limits.maxGossipBytes) {
    return { verdict: "reject", reason: `${message.bytes.length} bytes are too many` };
  }
  try {
    return await judge(message);
  } catch (thrown) {
    if (!(thrown instanceof ProtocolError)) {
      events.emit({ kind: "handler-failed", where: message.topic, error: thrown });
      return { verdict: "ignore" };
    }
    // a newer version may have kinds we do not know: no reason to blame who passes them on
    const foreign = thrown.code === "VERSION" || thrown.code === "UNKNOWN_KIND";
    return foreign ? { verdict: "ignore" } : { verdict: "reject", reason: thrown.message };
  }
}

function flooded(context: Context, { via, topic }: GossipMessage): { readonly verdict: "ignore" } {
  context.police(via, "flood", `${topic}: too many messages`);
  return { verdict: "ignore" };
}

/** What the interface of gossipsub does not show. */
interface Internals extends GossipStreams {
  readonly score: { readonly score: (peer: string) => number };
  readonly mesh: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Gossipsub stops listening to a graylisted peer but stays connected: hang up for it. */
function watchScores({ node, police, stopping }: Context): void {
  const pubsub = node.services.gossip;
  const { score } = pubsub as unknown as Internals;
  const check = (): void => {
    for (const peer of node.getPeers().map(String)) {
      const points = score.score(peer);
      if (points < GRAYLIST_SCORE) police(peer, "graylisted", `gossip score ${points.toFixed(0)}`);
    }
  };
  pubsub.addEventListener("gossipsub:heartbeat", check, { signal: stopping });
}
