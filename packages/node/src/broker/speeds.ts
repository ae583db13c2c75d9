// How fast provers are, and how fast this machine executes what they prove: as claimed at first, then as it was seen.

import type { Speed } from "@foldmesh/jobs";
import type { Ask } from "@foldmesh/market";
import type { CIDText, PeerId } from "@foldmesh/protocol";

/** Leases of one peer at once that a plan counts on. */
const MOST_SLOTS = 64;
/** Slots in one plan, of the fastest. */
const MOST_PLANNED = 1024;
/** How many times as fast as the median a prover is taken to be at most. */
const MOST_LEAD = 32;
/** How much faster, or slower, than they claim provers are taken to be. */
const MOST_RATE = 4;
/** Rows of the structure that benchmarks count merges of. */
const MERGE_ROWS = 2 ** 15;
/** Times of which the middle one counts: where a program is opened first, or the machine is busy for once, work takes long. */
const TIMES = 5;
/** Peers, or programs, of which it is kept how fast they were. */
const MOST_KEPT = 1024;

/** Rates, the newest last. */
type Seen<K> = Map<K, readonly number[]>;

export class Speeds {
  /** of one lease, constraints a second */
  readonly #proved: Seen<PeerId> = new Map();
  /** by program, steps a ms */
  readonly #executed: Seen<CIDText> = new Map();

  /** A lease was worked on, and what came of it was right. */
  onProved(peer: PeerId, constraints: number, ms: number): void {
    if (constraints > 0 && ms > 0) note(this.#proved, peer, (1000 * constraints) / ms);
  }

  onExecuted(program: CIDText, steps: number, ms: number): void {
    if (steps > 0 && ms > 0) note(this.#executed, program, steps / ms);
  }

  /** What a step of the program takes this machine to execute, ms; undefined when it has executed none. */
  stepMs(program: CIDText): number | undefined {
    const rate = usual(this.#executed.get(program));
    return rate && 1 / rate;
  }

  /**
   * Of those who ask, in constraints a second. Claims are taken at the rate at which those of others held; nobody counts for much more
   * than the others.
   */
  of(asks: readonly Ask[]): readonly Speed[] {
    const claims = asks.flatMap(claimOf);
    const held = claims.flatMap(({ peer, speed }) => {
      const seen = usual(this.#proved.get(peer));
      return seen === undefined ? [] : [seen / speed];
    });
    const rate = Math.min(MOST_RATE, Math.max(1 / MOST_RATE, median(held) ?? 1));
    const speeds = claims.map(({ peer, speed, slots }) => {
      const seen = usual(this.#proved.get(peer)) ?? speed * rate;
      return { peer, speed: Math.max(1, Math.round(seen)), slots };
    });
    return plausible(speeds);
  }
}

function note<K>(kept: Seen<K>, key: K, rate: number): void {
  const before = kept.get(key) ?? [];
  kept.delete(key); // the newest last
  kept.set(key, [...before, rate].slice(-TIMES));
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
}

function claimOf({ message }: Ask): readonly Speed[] {
  const { sender, content } = message;
  const merges = Math.max(0, ...content.backends.map((each) => each.benchmark.mergesPerMinute));
  const slots = Math.min(content.maxConcurrent, MOST_SLOTS);
  const speed = (merges * MERGE_ROWS) / 60 / Math.max(1, slots); // its leases share the machine
  return speed > 0 && slots > 0 ? [{ peer: sender, speed, slots }] : [];
}

const median = (values: readonly number[]): number | undefined =>
  values.toSorted((a, b) => a - b)[(values.length - 1) >> 1];

/** The middle one, of two the faster. */
const usual = (rates: readonly number[] = []): number | undefined =>
  rates.toSorted((a, b) => b - a)[(rates.length - 1) >> 1];

function plausible(speeds: readonly Speed[]): readonly Speed[] {
  const most = MOST_LEAD * (median(speeds.map(({ speed }) => speed)) ?? 1);
  let left = MOST_PLANNED;
  const falling = speeds.toSorted((a, b) => b.speed - a.speed);
  return falling.flatMap(({ peer, speed, slots }): readonly Speed[] => {
    const taken = Math.min(slots, left);
    left -= taken;
    return taken > 0 ? [{ peer, speed: Math.min(speed, most), slots: taken }] : [];
  });
}
