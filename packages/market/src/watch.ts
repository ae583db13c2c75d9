import type { AnyMessage, CIDText, Evidence } from "@foldmesh/protocol";
import { contradicts, equivocation, slotOf } from "@foldmesh/protocol";

/**
 * Remembers the first message of every slot it saw, to catch a peer that signs a second one. Bounded in number and bytes: the oldest
 * slots are forgotten.
 * Gossip's own de-duplication must not hide the second message from it.
 */
export interface WatchState {
  readonly capacity: number;
  /** of all messages seen */
  readonly bytes: number;
  readonly seen: ReadonlyMap<string, AnyMessage>;
}

export interface WatchStep {
  readonly state: WatchState;
  readonly evidence?: Evidence;
}

/** An announcement may have a quarter of a megabyte. */
const MOST_BYTES = 2 ** 25;

export function watchNothingYet(capacity: number): WatchState {
  return { capacity, bytes: 0, seen: new Map() };
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
  let bytes = state.bytes + message.bytes.length;
  for (const [name, old] of seen) {
    if (seen.size <= state.capacity && bytes <= MOST_BYTES) break;
    seen.delete(name);
    bytes -= old.bytes.length;
  }
  return { state: { ...state, bytes, seen } };
}

function keyOf(message: AnyMessage): CIDText | undefined {
  const slot = slotOf(message);
  return slot === undefined ? undefined : `${message.sender}/${message.kind}/${slot}`;
}
