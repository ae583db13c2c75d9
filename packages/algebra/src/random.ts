import { integerFromBytesBE } from "./bytes.ts";
import type { PrimeField } from "./field.ts";

/**
 * The only way randomness enters a proof. The order of draws is part of the protocol's reference
 * vectors (shared/reference/pcd/README.md, "Draws"), so tests inject a deterministic one.
 */
export interface Rng {
  /** A uniform canonical element. */
  element(field: PrimeField): bigint;
  elements(field: PrimeField, n: number): bigint[];
}

/** 48 random bytes are 130 bits more than the modulus: the bias after reduction is below 2^-128. */
const DRAW_BYTES = 48;
const DRAWS_PER_REFILL = 64;

/** Cryptographically secure draws from Web Crypto (Node and browsers). */
export function secureRng(): Rng {
  const buffer = new Uint8Array(DRAW_BYTES * DRAWS_PER_REFILL);
  let next = DRAWS_PER_REFILL;
  const element = (field: PrimeField): bigint => {
    if (next === DRAWS_PER_REFILL) {
      crypto.getRandomValues(buffer);
      next = 0;
    }
    const start = DRAW_BYTES * next++;
    const drawn = buffer.subarray(start, start + DRAW_BYTES);
    const x = field.reduce(integerFromBytesBE(drawn));
    drawn.fill(0); // a used draw is a secret blind: it does not stay in memory here
    return x;
  };
  return { element, elements: (field, n) => Array.from({ length: n }, () => element(field)) };
}
