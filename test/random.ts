// Numbers that look random and are the same for the same seed.

export interface Random {
  /** 0 ≤ x < 1 */
  readonly next: () => number;
  /** from `least` up to and with `most` */
  readonly whole: (least: number, most: number) => number;
  readonly one: <T>(of: readonly T[]) => T;
}

/** Mulberry32. @param seed of 32 bits */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (least: number, most: number): number =>
    least + Math.floor(next() * (most - least + 1));
  return { next, whole, one: (of) => of[whole(0, of.length - 1)]! };
}
