import {
  type Outcome,
  REPUTATION_DEFAULTS,
  type ReputationState,
  type Tally,
  noReputations,
  reputationOf,
  stepReputation,
} from "@foldmesh/market";
import type { PPM, PeerId, SignedMessage, Time } from "@foldmesh/protocol";
import type { Change } from "@foldmesh/store";
import type { Keep } from "../keep/keep.ts";
import { listOf } from "../keep/list-of.ts";

/** Receipts of others that are remembered at once. */
const MOST_HEARD = 4096;

/** What this node thinks of others: its own experience survives restarts, hearsay does not. */
export interface Standing {
  of(peer: PeerId): PPM;
  /** Everybody that worked for this node, or failed to, the best first. */
  experiences(): readonly { readonly peer: PeerId; readonly reputation: PPM }[];
  /** @returns the change to be written down */
  experienced(peer: PeerId, outcome: Outcome): Change;
  /** Another broker's receipt. */
  heard(receipt: SignedMessage<"Receipt">): void;
}

export async function loadStanding(
  { rooms: { reputation } }: Pick<Keep, "rooms">,
  now: () => Time,
): Promise<Standing> {
  const own = new Map<PeerId, Tally>(await listOf(reputation.entries()));
  let state: ReputationState = { ...noReputations(REPUTATION_DEFAULTS), own };
  return {
    of: (peer) => reputationOf(state, peer, now()),
    experiences: () =>
      [...state.own.keys()]
        .map((peer) => ({ peer, reputation: reputationOf(state, peer, now()) }))
        .toSorted((a, b) => b.reputation - a.reputation),
    experienced(peer, outcome) {
      ({ state } = stepReputation(state, { kind: "experience", peer, outcome }, now()));
      return reputation.putting(peer, state.own.get(peer)!);
    },
    heard({ id, sender, content }) {
      const [oldest = 0] = state.counted.values();
      const isFull = state.counted.size >= MOST_HEARD;
      if (isFull && now() - oldest <= REPUTATION_DEFAULTS.receiptWindowMs) return; // names cost nothing
      const event = { kind: "receipt", issuer: sender, id, content } as const;
      ({ state } = stepReputation(state, event, now()));
    },
  };
}
