import type { AnyMessage, CIDText, Evidence } from "@foldmesh/protocol";
import { contradicts, equivocation, slotOf } from "@foldmesh/protocol";

/** Remembers the first message of every slot it saw, to catch a peer that signs a second one. */
export interface Watch {
  /** how many messages are remembered */
  readonly size: number;
  /** Evidence, when somebody signed something else for the same slot before. */
  see(message: AnyMessage): Evidence | undefined;
}

/** An announcement may have a quarter of a megabyte. */
const MOST_BYTES = 2 ** 25;

/**
 * Bounded in number and bytes: the oldest slots are forgotten. Gossip's own de-duplication must not hide the second message from it.
 * @param capacity messages
 */
export function createWatch(capacity: number): Watch {
  const seen = new Map<string, AnyMessage>();
  let bytes = 0;
  const forgetOld = (): void => {
    for (const [name, old] of seen) {
      if (seen.size <= capacity && bytes <= MOST_BYTES) return;
      seen.delete(name);
      bytes -= old.bytes.length;
    }
  };
  return {
    get size() {
      return seen.size;
    },
    see(message) {
      const key = keyOf(message);
      if (key === undefined) return undefined;
      const earlier = seen.get(key);
      if (earlier !== undefined) {
        const isSame = earlier.id === message.id || !contradicts(earlier, message);
        return isSame ? undefined : equivocation(earlier, message);
      }
      seen.set(key, message);
      bytes += message.bytes.length;
      forgetOld();
      return undefined;
    },
  };
}

function keyOf(message: AnyMessage): CIDText | undefined {
  const slot = slotOf(message);
  return slot === undefined ? undefined : `${message.sender}/${message.kind}/${slot}`;
}
