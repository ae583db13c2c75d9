import { AlgebraError } from "./errors.ts";

/** Bytes of one field element in every encoding: 32, little endian. */
export const ELEMENT_BYTES = 32;

const MASK_64 = (1n << 64n) - 1n;

/** Writes `x` (0 ≤ x < 2^256) as 32 little-endian bytes at `offset`. */
export function writeElement(view: DataView, offset: number, x: bigint): void {
  view.setBigUint64(offset, x & MASK_64, true);
  view.setBigUint64(offset + 8, (x >> 64n) & MASK_64, true);
  view.setBigUint64(offset + 16, (x >> 128n) & MASK_64, true);
  view.setBigUint64(offset + 24, x >> 192n, true);
}

/** Reads 32 little-endian bytes as an integer in [0, 2^256); canonicity is the caller's business. */
export function readElement(view: DataView, offset: number): bigint {
  return (
    view.getBigUint64(offset, true) |
    (view.getBigUint64(offset + 8, true) << 64n) |
    (view.getBigUint64(offset + 16, true) << 128n) |
    (view.getBigUint64(offset + 24, true) << 192n)
  );
}

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Concatenated 32-byte little-endian encodings. */
export function elementsToBytes(elements: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(elements.length * ELEMENT_BYTES);
  const view = viewOf(bytes);
  elements.forEach((x, i) => writeElement(view, i * ELEMENT_BYTES, x));
  return bytes;
}

/**
 * Inverse of `elementsToBytes` with strict canonicity.
 * @throws AlgebraError BAD_LENGTH when the length is no multiple of 32, NON_CANONICAL when an element is not below `modulus`
 */
export function elementsFromBytes(bytes: Uint8Array, modulus: bigint): bigint[] {
  if (bytes.length % ELEMENT_BYTES !== 0) {
    throw new AlgebraError(
      "BAD_LENGTH",
      `expected a multiple of ${ELEMENT_BYTES} bytes, got ${bytes.length}`,
    );
  }
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / ELEMENT_BYTES }, (_, i) => {
    const x = readElement(view, i * ELEMENT_BYTES);
    if (x >= modulus) {
      throw new AlgebraError("NON_CANONICAL", `element ${i} is not below the modulus`);
    }
    return x;
  });
}

/** Whether every 32-byte little-endian element is below `modulus` (and the length is a multiple of 32). */
export function areCanonical(bytes: Uint8Array, modulus: bigint): boolean {
  if (bytes.length % ELEMENT_BYTES !== 0) return false;
  const view = viewOf(bytes);
  const top = Number(modulus >> 224n); // decides all but one in 2^29 elements
  for (let at = 0; at < bytes.length; at += ELEMENT_BYTES) {
    const word = view.getUint32(at + ELEMENT_BYTES - 4, true);
    if (word > top || (word === top && readElement(view, at) >= modulus)) return false;
  }
  return true;
}

/** Big-endian bytes to an integer. */
export function integerFromBytesBE(bytes: Uint8Array): bigint {
  const view = viewOf(bytes);
  const head = bytes.length % 8;
  let x = 0n;
  for (let at = 0; at < head; at++) x = (x << 8n) | BigInt(bytes[at]!);
  for (let at = head; at < bytes.length; at += 8) x = (x << 64n) | view.getBigUint64(at);
  return x;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** Elements x₀, y₀, x₁, y₁, … of two lists of one length. */
export function interleave(x: Uint8Array, y: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 * x.length);
  for (let at = 0; at < x.length; at += ELEMENT_BYTES) {
    out.set(x.subarray(at, at + ELEMENT_BYTES), 2 * at);
    out.set(y.subarray(at, at + ELEMENT_BYTES), 2 * at + ELEMENT_BYTES);
  }
  return out;
}

/** Elements 0, 2, 4, … or 1, 3, 5, … of an even number of them. */
export function everyOther(elements: Uint8Array, first: 0 | 1): Uint8Array {
  const out = new Uint8Array(elements.length / 2);
  for (let at = 0; at < out.length; at += ELEMENT_BYTES) {
    const from = 2 * at + first * ELEMENT_BYTES;
    out.set(elements.subarray(from, from + ELEMENT_BYTES), at);
  }
  return out;
}
