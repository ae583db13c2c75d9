import {
  type Outcome,
  REPUTATION_DEFAULTS,
  type ReputationState,
  noReputations,
  reputationOf,
  stepReputation,
} from "@foldmesh/market";
import type { PPM, PeerId, SignedMessage, Time } from "@foldmesh/protocol";

/** What this node thinks of others. */
export interface Standing {
  of(peer: PeerId): PPM;
  experienced(peer: PeerId, outcome: Outcome): void;
  /** Another broker's receipt. */
  heard(receipt: SignedMessage<"Receipt">): void;
}

export function createStanding(now: () => Time): Standing {
  let state: ReputationState = noReputations(REPUTATION_DEFAULTS);
  return {
    of: (peer) => reputationOf(state, peer, now()),
    experienced(peer, outcome) {
      ({ state } = stepReputation(state, { kind: "experience", peer, outcome }, now()));
    },
    heard({ id, sender, content }) {
      const event = { kind: "receipt", issuer: sender, id, content } as const;
      ({ state } = stepReputation(state, event, now()));
    },
  };
}
