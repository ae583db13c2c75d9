import { type Backend, ELEMENT, PACKED } from "./backend.ts";
import { INT29_LIMBS, INT29_WIDTH } from "./int29-multiply.ts";
import { int29Field } from "./int29-field.ts";
import { PACK_OFFSET } from "./int29-convert.ts";
import { centred, fromLimbs, range, signedLimbs } from "./integers.ts";

// The fallback backend: 9 signed limbs of 29 bits in 64-bit integers, R = 2^261. Nothing but WebAssembly
// 1.0 arithmetic is needed. A pair is two elements one after the other.

function encodeInteger(x: bigint, modulus: bigint): Uint8Array {
  const bytes = new Uint8Array(ELEMENT);
  const view = new DataView(bytes.buffer);
  const limbs = signedLimbs(centred(x, modulus), INT29_WIDTH, INT29_LIMBS);
  limbs.forEach((limb, i) => view.setInt32(4 * i, Number(limb), true));
  return bytes;
}

function decodeInteger(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, ELEMENT);
  return fromLimbs(
    range(INT29_LIMBS).map((i) => BigInt(view.getInt32(4 * i, true))),
    INT29_WIDTH,
  );
}

function pair(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 * ELEMENT);
  bytes.set(a, 0);
  bytes.set(b, ELEMENT);
  return bytes;
}

function pack(x: bigint, modulus: bigint): Uint8Array {
  const bytes = new Uint8Array(PACKED);
  const view = new DataView(bytes.buffer);
  const packed = centred(x, modulus) + PACK_OFFSET;
  range(4).forEach((i) =>
    view.setBigUint64(8 * i, BigInt.asUintN(64, packed >> BigInt(64 * i)), true),
  );
  return bytes;
}

export const int29: Backend = {
  name: "int29",
  R: 1n << 261n,
  streams: 1,
  field: (modulus: bigint) => int29Field(modulus),
  encodeInteger,
  decodeInteger,
  elementOffset: (index: number) => ELEMENT * index,
  pair,
  unpair: (bytes: Uint8Array) => [bytes.slice(0, ELEMENT), bytes.slice(ELEMENT, 2 * ELEMENT)],
  pack,
};
