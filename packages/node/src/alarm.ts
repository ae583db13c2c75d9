import type { Time } from "@foldmesh/protocol";

/** The longest delay of a timer; a later alarm fires early and is set again. */
const LONGEST_MS = 2 ** 31 - 1;

/** One timer for a state machine: rings at the time last set, never after `clear`. */
export interface Alarm {
  /** @param at ms since 1970; undefined: not at all */
  set(at: Time | undefined): void;
  clear(): void;
}

export function createAlarm(now: () => Time, ring: () => void): Alarm {
  let timer: NodeJS.Timeout | undefined;
  const clear = (): void => clearTimeout(timer);
  return {
    clear,
    set(at) {
      clear();
      if (at === undefined) return;
      timer = setTimeout(ring, Math.min(Math.max(0, at - now()), LONGEST_MS));
    },
  };
}
