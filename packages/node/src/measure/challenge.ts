// A claimed speed is checked before a peer's first award: a chain of multi-scalar multiplications that cannot be
// prepared, done in about the time that the claim allows.

import { type Network, RequestRefused } from "@foldmesh/network";
import {
  type Codec,
  type PeerId,
  type SignedMessage,
  bytes,
  decodeCanonical,
  encodeCanonical,
  equalBytes,
  integer,
  struct,
} from "@foldmesh/protocol";
import { CHALLENGE } from "../methods.ts";
import type { Challenge } from "../broker/roster.ts";
import type { Meter } from "./meter.ts";
import { CHALLENGE_POINTS, MAX_ROUNDS, type MSMTask } from "./msm-task.ts";

const task: Codec<MSMTask> = struct<MSMTask>({
  seed: bytes(32, 32),
  rounds: integer(1, MAX_ROUNDS),
});

/** What a challenge should take by the peer's own claim, ms. */
const TARGET_MS = 250;
/** A peer may be this much slower than it claims: it has other work too. */
const SLACK = 4;
/** Two messages and a busy event loop. */
const OVERHEAD_MS = 300;
/** A machine may be busy for a moment: the best of these counts. */
const ATTEMPTS = 3;
/** Challenges answered at a time, one for each broker. */
const MOST_WAITING = 8;

/** Answers challenges of brokers. */
export async function answerChallenges(network: Network, meter: Meter): Promise<void> {
  const waiting = new Set<PeerId>();
  await network.handle(CHALLENGE, async (request, { peer }) => {
    const asked = decodeCanonical(task, request, "challenge");
    if (waiting.size >= MOST_WAITING || waiting.has(peer)) {
      throw new RequestRefused("BUSY", "other challenges come first");
    }
    waiting.add(peer);
    try {
      return (await meter.run(asked)).point;
    } finally {
      waiting.delete(peer);
    }
  });
}

/** Challenges by their adverts' claims. */
export function createChallenge(network: Network, meter: Meter): Challenge {
  /** @returns how long it took, ms, or undefined for a wrong answer */
  const time = async (peer: PeerId, rounds: number, signal: AbortSignal) => {
    const asked = { seed: crypto.getRandomValues(new Uint8Array(32)), rounds };
    const expected = meter.run(asked);
    expected.catch(() => {}); // awaited below, unless the peer does not answer
    const started = performance.now();
    const reply = await network.call(peer, CHALLENGE, encodeCanonical(task, asked), { signal });
    const took = performance.now() - started;
    return equalBytes(reply, (await expected).point) ? took : undefined;
  };
  return async ({ sender, content }: SignedMessage<"CapabilityAdvert">, signal) => {
    // the challenge is small and comes in a chain: it is for processors, GPUs prove themselves by work
    const speeds = content.backends
      .filter(({ kind }) => kind === "cpu")
      .map(({ benchmark }) => benchmark.msmPointsPerSecond);
    const claimed = Math.max(0, ...speeds);
    if (claimed === 0) return "its advert claims no speed";
    const wanted = Math.ceil((claimed * TARGET_MS) / 1000 / CHALLENGE_POINTS);
    const rounds = Math.min(wanted, MAX_ROUNDS);
    const allowed = (SLACK * rounds * CHALLENGE_POINTS * 1000) / claimed + OVERHEAD_MS;
    let best = Infinity;
    await time(sender, 1, signal); // its thread starts and derives its generators
    for (let attempt = 0; attempt < ATTEMPTS && best > allowed; attempt++) {
      const took = await time(sender, rounds, signal);
      if (took === undefined) return "it answered the challenge wrongly";
      best = Math.min(best, took);
    }
    if (best <= allowed) return undefined;
    return `it claims ${claimed} points a second and took ${Math.round(best)} ms where ${Math.round(allowed)} were allowed`;
  };
}
