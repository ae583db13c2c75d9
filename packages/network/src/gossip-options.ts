import { LARGEST_LIMIT } from "@foldmesh/protocol";
import type { GossipSub, GossipSubComponents, Message } from "@libp2p/gossipsub";
import { gossipsub, StrictNoSign } from "@libp2p/gossipsub";
import { concat } from "uint8arrays/concat";
import { fromString } from "uint8arrays/from-string";
import { platform } from "#platform";
import { assert } from "./errors.ts";
import type { NodeInit } from "./libp2p.ts";

/** Thresholds of gossipsub's own score, which our offences feed into with weight 1. */
export const GRAYLIST_SCORE = -80;

/** Bytes of one gossip frame: one over this limit silences the neighbour for good, so it is the same network-wide. */
const MAX_FRAME = 2 * LARGEST_LIMIT + 64 * 1024;

/**
 * Messages are named by all their bytes and their topic: the same message from two relays is one, while two conflicting
 * messages of one sender are two and both travel, so that everybody can see the equivocation.
 */
export function messageName(message: Pick<Message, "topic" | "data">): Uint8Array {
  const hash = platform.createSHA256();
  const topic = fromString(message.topic);
  hash.update(concat([Uint8Array.of(topic.length), topic]));
  hash.update(message.data);
  return hash.digest();
}

export function createGossip(init: NodeInit): (components: GossipSubComponents) => GossipSub {
  const { config, limits, intervals, offences } = init;
  assert(limits.maxGossipBytes <= LARGEST_LIMIT, "maxGossipBytes is at most LARGEST_LIMIT");
  return gossipsub({
    globalSignaturePolicy: StrictNoSign, // every message is signed by its author already: no second key operation a message and a copy
    fallbackToFloodsub: false,
    allowedTopics: [...config.topics],
    msgIdFn: messageName,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    emitSelf: false,
    floodPublish: true, // one hop to everybody we know: auctions last a second
    runOnLimitedConnection: true,
    heartbeatInterval: intervals.gossipHeartbeat,
    maxInboundStreams: 2,
    maxOutboundStreams: 2,
    maxInboundDataLength: MAX_FRAME,
    maxOutboundBufferSize: 4 * MAX_FRAME,
    maxTopicBytesPerPeer: 64 * 1024,
    scoreThresholds: { graylistThreshold: GRAYLIST_SCORE },
    scoreParams: {
      appSpecificWeight: 1,
      appSpecificScore: (peer) => offences.score(peer),
      // many honest peers share one address on loopback and behind one router
      IPColocationFactorWeight: config.reach === "local" ? 0 : -5,
      IPColocationFactorThreshold: 16,
      IPColocationFactorWhitelist: new Set(["127.0.0.1", "::1"]),
      topics: Object.fromEntries(config.topics.map((topic) => [topic, TOPIC_SCORE])),
    },
  });
}

/** Quiet topics are normal here, so nobody loses for delivering little; invalid messages count in full. */
const TOPIC_SCORE = {
  topicWeight: 1,
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1000,
  timeInMeshCap: 300,
  firstMessageDeliveriesWeight: 0.1,
  firstMessageDeliveriesDecay: 0.9,
  firstMessageDeliveriesCap: 50,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 10,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 5000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  invalidMessageDeliveriesWeight: -20,
  invalidMessageDeliveriesDecay: 0.9,
};
