// The transcript of what no circuit repeats: SHA-512 over framed labels and elements.

import {
  ELEMENT_BYTES,
  type PrimeField,
  assert,
  concatBytes,
  elementsToBytes,
  viewOf,
} from "@foldmesh/algebra";
import { sha512 } from "@noble/hashes/sha2.js";

const STATE_BYTES = 64;
const CHALLENGE = new TextEncoder().encode("challenge");

const u32be = (n: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, n);
  return bytes;
};

/**
 * The state is 64 bytes, zero at the start.
 *
 *   absorb(label, elements)  state ← SHA-512(state ‖ u32be(|label|) ‖ label ‖ u32be(count) ‖ elements)
 *   challenge()              SHA-512(state ‖ "challenge") as a little-endian integer, reduced; the state stays
 *
 * Elements of either field are 32 bytes little endian. Every length is explicit, so what is absorbed has
 * one reading, and a challenge's input differs from an absorb's in its 65th byte.
 */
export class ByteTranscript {
  #state: Uint8Array = new Uint8Array(STATE_BYTES);
  #fresh = false;

  absorb(label: string, elements: readonly bigint[]): void {
    const isElement = (x: bigint): boolean => x >= 0n && x >> BigInt(8 * ELEMENT_BYTES) === 0n;
    assert(elements.every(isElement), `transcript ${label}: not a list of elements`);
    const name = new TextEncoder().encode(label);
    const framed = [u32be(name.length), name, u32be(elements.length), elementsToBytes(elements)];
    this.#state = sha512(concatBytes(this.#state, ...framed));
    this.#fresh = true;
  }

  /** One challenge for each absorb: 512 bits, so that reduction leaves no bias. */
  challenge(field: PrimeField): bigint {
    assert(this.#fresh, "transcript: two challenges without an absorb between them");
    this.#fresh = false;
    const digest = viewOf(sha512(concatBytes(this.#state, CHALLENGE)));
    let x = 0n;
    for (let at = STATE_BYTES - 8; at >= 0; at -= 8) {
      x = (x << 64n) | digest.getBigUint64(at, true);
    }
    return field.reduce(x);
  }
}
