// The structured reference string of KZG commitments: powers of a τ that nobody may know. Whoever knows it can
// open a commitment to anything, so all soundness rests on the ceremony it comes from.

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { G1 } from "../curve.ts";
import type { CommitmentKey, Engine } from "../engine.ts";
import { assert } from "../errors.ts";
import { Fp } from "../field.ts";
import type { Rng } from "../random.ts";
import { G2_GENERATOR, type G2Point } from "./g2.ts";
import { pairingsCancel } from "./pairing.ts";

export interface SRS {
  /** [1]₁, [τ]₁, [τ²]₁, …: x ‖ y, 64 little-endian bytes each. */
  readonly bases: Uint8Array;
  /** [τ]₂; [1]₂ is the standard generator. */
  readonly tau2: G2Point;
}

/** SHA-256 of canonical bases, lower-case hex. */
export const digestBases = (bases: Uint8Array): string => bytesToHex(sha256(bases));

/**
 * Whether the bases G₀ … of a key are powers of the τ of `tau2`: e(Gᵢ₊₁, [1]₂) = e(Gᵢ, [τ]₂) for all i, as one
 * combination with the powers of a random x; other bases pass with a chance of length/p. Points must be
 * valid. That G₀ is the generator and τ not trivial is the caller's business.
 * @param rng must be unpredictable to whoever made the bases
 */
export async function arePowers(
  engine: Engine,
  key: CommitmentKey,
  tau2: G2Point,
  rng: Rng,
): Promise<boolean> {
  assert(key.length >= 2, "one base says nothing of tau");
  const x = rng.element(Fp);
  const [low, high] = await engine.scope(async () => {
    const weights = engine.Fp.powers(x, key.length - 1);
    return [
      await engine.commit(key, weights, 0n),
      await engine.commit(key, engine.Fp.concat([engine.Fp.zeros(1), weights]), 0n),
    ];
  });
  return pairingsCancel([
    [high!, G2_GENERATOR],
    [low === null ? null : G1.neg(low!), tau2],
  ]);
}
