// The folding transcript: a Poseidon chain that the merge circuit repeats. Every absorb replaces the
// chaining value by lane 0 of Perm(c, block); lanes 1, 2, 3 are the challenges. Domain separation
// comes from the tag that seeds the chain; order and length of the blocks are fixed.

import { assert } from "./errors.ts";
import type { Permutation } from "./poseidon.ts";

/** The first lane of every Poseidon call in the system. Distinct uses never share a tag. */
export const TAG = {
  /** d(D), statement hash of a node: 17-wide chain. */
  statement: 1n,
  /** Merge transcript: 17-wide first block. */
  transcript: 2n,
  /** pid of a merge: 4-wide. */
  pidMerge: 3n,
  /** pid of a leaf as seen by its parent: 4-wide. */
  pidLeaf: 4n,
  /** vk: 17-wide chain. */
  vk: 5n,
  /** Compressor's transcript: 17-wide first block. */
  compress: 6n,
  /** Hash of the compressor's random running instance: 17-wide chain. */
  mask: 9n,
} as const;

export interface Lanes {
  readonly lane1: bigint;
  readonly lane2: bigint;
  readonly lane3: bigint;
}

/** One transcript: created for one proof, then dropped. */
export class Transcript {
  readonly #permute: Permutation;
  #chain: bigint;

  constructor(permute: Permutation, tag: bigint) {
    this.#permute = permute;
    this.#chain = tag;
  }

  /** The chaining value. */
  get chain(): bigint {
    return this.#chain;
  }

  /** Absorbs a block of exactly 3 or 16 elements (an unframed block once let any statement verify). */
  absorb(block: readonly bigint[]): Lanes {
    assert(block.length === 3 || block.length === 16, `transcript block of ${block.length}`);
    const [chain, lane1, lane2, lane3] = this.#permute([this.#chain, ...block]);
    this.#chain = chain!;
    return { lane1: lane1!, lane2: lane2!, lane3: lane3! };
  }
}

/** Entropy of a folding challenge. */
export const SHORT_BITS = 127;
const SHORT_MASK = (1n << BigInt(SHORT_BITS)) - 1n;

/**
 * 2¹²⁷ + 2t + 1: odd, up to **129 bits**, the same integer in Fp and Fq, and exactly the form that the
 * signed-digit ladder computes without an exceptional case.
 */
export const oddScalar = (t: bigint): bigint => (1n << BigInt(SHORT_BITS)) + 2n * t + 1n;

/** t is the low 127 bits of the canonical lane. */
export function shortChallenge(lane: bigint): { readonly t: bigint; readonly value: bigint } {
  const t = lane & SHORT_MASK;
  return { t, value: oddScalar(t) };
}
