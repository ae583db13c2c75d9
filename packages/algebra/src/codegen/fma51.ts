import { centred, fromLimbs, range, signedLimbs } from "./integers.ts";
import { type Backend, ELEMENT, PACKED } from "./backend.ts";
import type { ConstantPool } from "./constants.ts";
import { FMA51_LIMBS, FMA51_WIDTH } from "./fma51-multiply.ts";
import { fma51Field } from "./fma51-field.ts";

// The fast backend: 5 limbs of 51 bits as doubles, two elements in the lanes of f64x2, products by
// truly fused multiply-add (relaxed SIMD). R = 2^255. Low four limbs are in [−2^50, 2^50].

const OFFSET = fromLimbs(
  range(FMA51_LIMBS).map(() => 1n << 50n),
  FMA51_WIDTH,
);

function encodeInteger(x: bigint, modulus: bigint): Uint8Array {
  const bytes = new Uint8Array(ELEMENT);
  const view = new DataView(bytes.buffer);
  const limbs = signedLimbs(centred(x, modulus), FMA51_WIDTH, FMA51_LIMBS);
  limbs.forEach((limb, i) => view.setFloat64(8 * i, Number(limb), true));
  return bytes;
}

function decodeInteger(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, ELEMENT);
  return fromLimbs(
    range(FMA51_LIMBS).map((i) => BigInt(view.getFloat64(8 * i, true))),
    FMA51_WIDTH,
  );
}

function pair(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 * ELEMENT);
  for (let i = 0; i < FMA51_LIMBS; i++) {
    bytes.set(a.subarray(8 * i, 8 * i + 8), 16 * i);
    bytes.set(b.subarray(8 * i, 8 * i + 8), 16 * i + 8);
  }
  return bytes;
}

function unpair(bytes: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const lanes = [new Uint8Array(ELEMENT), new Uint8Array(ELEMENT)] as const;
  for (let i = 0; i < 2 * FMA51_LIMBS; i++) {
    lanes[i % 2]!.set(bytes.subarray(8 * i, 8 * i + 8), 8 * (i >> 1));
  }
  return lanes;
}

/** The centred x plus 2^50 in every limb, as a non-negative 256-bit integer. */
function pack(x: bigint, modulus: bigint): Uint8Array {
  const bytes = new Uint8Array(PACKED);
  const view = new DataView(bytes.buffer);
  const packed = centred(x, modulus) + OFFSET;
  range(4).forEach((i) =>
    view.setBigUint64(8 * i, BigInt.asUintN(64, packed >> BigInt(64 * i)), true),
  );
  return bytes;
}

export const fma51: Backend = {
  name: "fma51",
  R: 1n << 255n,
  streams: 2,
  field: (modulus: bigint, pool: ConstantPool) => fma51Field(modulus, pool),
  encodeInteger,
  decodeInteger,
  elementOffset: (index: number) => 2 * ELEMENT * (index >>> 1) + 8 * (index & 1),
  pair,
  unpair,
  pack,
};
