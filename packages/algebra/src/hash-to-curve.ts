// RFC 9380 hash_to_curve: expand_message_xmd with SHA-256 (§5.3.1), hash_to_field with L = 48 (§5.2)
// and the Shallue–van de Woestijne map with Z = 1 (§6.6.1), for a = 0 curves of cofactor 1.

import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, integerFromBytesBE } from "./bytes.ts";
import type { Curve, CurveName, Point } from "./curve.ts";
import { assert } from "./errors.ts";

const L = 48;
const HASH_BYTES = 32;
const BLOCK_BYTES = 64;

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** RFC 9380 §5.3.1. */
export function expandMessageXMD(msg: Uint8Array, dst: Uint8Array, length: number): Uint8Array {
  const ell = Math.ceil(length / HASH_BYTES);
  assert(ell <= 255 && dst.length <= 255, "expand_message_xmd: too long");
  const dstPrime = concatBytes(dst, Uint8Array.of(dst.length));
  const lengthBytes = Uint8Array.of(length >> 8, length & 255);
  const zeroPad = new Uint8Array(BLOCK_BYTES);
  const b0 = sha256(concatBytes(zeroPad, msg, lengthBytes, Uint8Array.of(0), dstPrime));
  let b = sha256(concatBytes(b0, Uint8Array.of(1), dstPrime));
  const blocks = [b];
  for (let i = 2; i <= ell; i++) {
    const mixed = b0.map((byte, k) => byte ^ b[k]!);
    b = sha256(concatBytes(mixed, Uint8Array.of(i), dstPrime));
    blocks.push(b);
  }
  return concatBytes(...blocks).subarray(0, length);
}

/** The two field elements of hash_to_field (count = 2, m = 1). */
export function hashToField(curve: Curve, msg: Uint8Array, dst: string): [bigint, bigint] {
  const bytes = expandMessageXMD(msg, ascii(dst), 2 * L);
  const element = (start: number): bigint =>
    curve.base.reduce(integerFromBytesBE(bytes.subarray(start, start + L)));
  return [element(0), element(L)];
}

/** Constants of the SVDW map, RFC 9380 §6.6.1, for Z = 1. */
export interface SVDWConstants {
  readonly c1: bigint;
  readonly c2: bigint;
  readonly c3: bigint;
  readonly c4: bigint;
}

const Z = 1n;

export function svdwConstants(curve: Curve): SVDWConstants {
  const F = curve.base;
  const g = (x: bigint): bigint => F.reduce(x * x * x + curve.b);
  const c1 = g(Z);
  const c3 = F.sqrt(F.neg(c1 * 3n * Z * Z));
  assert(c3 !== null, "SVDW: Z = 1 is not suitable for this curve");
  return {
    c1,
    c2: F.mul(-Z, F.inv(2n)),
    c3: sgn0(c3) === 1n ? F.neg(c3) : c3, // sgn0(c3) MUST equal 0
    c4: F.mul(-4n * c1, F.inv(3n * Z * Z)),
  };
}

/** RFC 9380 §4.1 for a prime field: the parity of the canonical representative. */
export const sgn0 = (x: bigint): bigint => x & 1n;

/** map_to_curve_svdw, RFC 9380 §6.6.1, step by step. */
export function mapToCurveSVDW(curve: Curve, { c1, c2, c3, c4 }: SVDWConstants, u: bigint): Point {
  const F = curve.base;
  const g = (x: bigint): bigint => F.reduce(x * x * x + curve.b);
  const tv1 = F.mul(u * u, c1);
  const tv2 = F.add(1n, tv1);
  const tv1b = F.sub(1n, tv1);
  const tv3 = F.inv0(tv1b * tv2);
  const tv4 = F.mul(F.mul(F.mul(u, tv1b), tv3), c3);
  const x1 = F.sub(c2, tv4);
  const x2 = F.add(c2, tv4);
  const ratio = F.mul(F.mul(tv2, tv2), tv3);
  const x3 = F.add(F.mul(c4, F.mul(ratio, ratio)), Z);
  for (const x of [x1, x2, x3]) {
    const y = F.sqrt(g(x));
    if (y !== null) return [x, sgn0(u) === sgn0(y) ? y : F.neg(y)];
  }
  throw new Error("assertion failed: SVDW found no point");
}

/** Domain separation tags of Foldmesh's generators. */
export const GENERATOR_DST: Readonly<Record<CurveName, string>> = {
  G1: "foldmesh-v1-BN254G1_XMD:SHA-256_SVDW_RO_",
  Grumpkin: "foldmesh-v1-GRUMPKIN_XMD:SHA-256_SVDW_RO_",
};

/** hash_to_curve, RFC 9380 §3: two maps added; the cofactor is 1. */
export function curveHasher(curve: Curve, dst: string): (msg: Uint8Array) => Point {
  const constants = svdwConstants(curve);
  return (msg) => {
    const [u0, u1] = hashToField(curve, msg, dst);
    const map = (u: bigint): Point => mapToCurveSVDW(curve, constants, u);
    const sum = curve.add(map(u0), map(u1));
    assert(sum !== null, "hash_to_curve hit the identity (probability 2^-254)");
    return sum;
  };
}

/** ascii(label) ‖ u32be(i): what the i-th generator of a label hashes. */
export function generatorMessage(label: string, index: number): Uint8Array {
  const suffix = new Uint8Array(4);
  new DataView(suffix.buffer).setUint32(0, index);
  return concatBytes(ascii(label), suffix);
}

/** Generators 0 … n−1 of a label: nobody knows a relation between any of them. About 1 ms each. */
export function generators(curve: Curve, label: string, n: number): Point[] {
  const hash = curveHasher(curve, GENERATOR_DST[curve.name]);
  return Array.from({ length: n }, (_, i) => hash(generatorMessage(label, i)));
}
