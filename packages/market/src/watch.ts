import type { AnyMessage, CIDText, Evidence } from "@foldmesh/protocol";
import { contradicts, equivocation, slotOf } from "@foldmesh/protocol";

/**
 * Remembers the first message of every slot it saw, to catch a peer that signs a second one. Bounded: the oldest slots are forgotten.
 * Gossip's own de-duplication must not hide the second message from it.
 */
export interface WatchState {
  readonly capacity: number;
  readonly seen: ReadonlyMap<string, AnyMessage>;
}

export interface WatchStep {
  readonly state: WatchState;
  readonly evidence?: Evidence;
}

export function watchNothingYet(capacity: number): WatchState {
  return { capacity, seen: new Map() };
}

export function watch(state: WatchState, message: AnyMessage): WatchStep {
  const key = keyOf(message);
  const earlier = key === undefined ? undefined : state.seen.get(key);
  if (key === undefined || earlier?.id === message.id) return { state };
  if (earlier !== undefined) {
    return contradicts(earlier, message)
      ? { state, evidence: equivocation(earlier, message) }
      : { state };
  }
  const seen = new Map(state.seen).set(key, message);
  const [oldest] = seen.keys();
  if (seen.size > state.capacity && oldest !== undefined) seen.delete(oldest);
  return { state: { ...state, seen } };
}

function keyOf(message: AnyMessage): CIDText | undefined {
  const slot = slotOf(message);
  return slot === undefined ? undefined : `${message.sender}/${message.kind}/${slot}`;
}
