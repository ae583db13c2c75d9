import type { Lengths } from "./change.ts";

/** Lengths on top of others: what is set here shows below only after `merge`, so a change that fails leaves no trace. */
export interface LengthLayer extends Lengths {
  readonly merge: () => void;
}

export function layerOn(below: Lengths): LengthLayer {
  const own = new Map<string, { room: string; log: string; length: number }>();
  return {
    get: async (room, log) => own.get(nameOf(room, log))?.length ?? (await below.get(room, log)),
    set(room, log, length) {
      own.set(nameOf(room, log), { room, log, length });
    },
    merge() {
      for (const { room, log, length } of own.values()) below.set(room, log, length);
    },
  };
}

/** Lengths remembered after the first look; for the one writer. Empty logs are forgotten: their number has no bound. */
export interface RememberedLengths extends Lengths {
  /** What is remembered; readers must not add to it, for what they find may be old by the time they have found it. */
  readonly known: (room: string, log: string) => number | undefined;
  readonly forget: () => void;
}

export function rememberLengths(
  look: (room: string, log: string) => Promise<number>,
): RememberedLengths {
  const lengths = new Map<string, number>();
  const known = (room: string, log: string): number | undefined => lengths.get(nameOf(room, log));
  const set = (room: string, log: string, length: number): void => {
    if (length > 0) lengths.set(nameOf(room, log), length);
    else lengths.delete(nameOf(room, log));
  };
  return {
    known,
    set,
    async get(room, log) {
      const length = known(room, log) ?? (await look(room, log));
      set(room, log, length);
      return length;
    },
    forget: () => lengths.clear(),
  };
}

const nameOf = (room: string, log: string): string => `${room}\0${log}`;
