// Which commitment key on G1 a program uses. It is part of the program's identity: folding is the same under
// both, only the bases w differ, but an opening is proven by another argument and believed for another reason.

import {
  type G2Point,
  G2_GENERATOR,
  POINT_BYTES,
  type SRS,
  concatBytes,
  digestBases,
  g2ToBytes,
  integerFromBytesBE,
} from "@foldmesh/algebra";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { FoldingError } from "./errors.ts";

/** Bases by hash-to-curve: nothing to trust. Openings by inner-product arguments. */
export interface TransparentKey {
  readonly kind: "transparent";
}

/**
 * Bases [τⁱ]₁ of a powers-of-tau ceremony; the blinding base stays the hash-to-curve one. Openings by HyperKZG.
 * Whoever knows τ can prove anything, but learns nothing: hiding does not rest on it.
 */
export interface KZGKey {
  readonly kind: "kzg";
  /** SHA-256 of the bases of a witness, in lower-case hex: `ipaLength(system)` points of 64 bytes. */
  readonly bases: string;
  readonly tau2: G2Point;
}

export type KeyIdentity = TransparentKey | KZGKey;

export const TRANSPARENT: TransparentKey = { kind: "transparent" };

/**
 * The key over the first `count` powers.
 * @param srs as `readPtau` gives it: checked
 * @param count `ipaLength(system)`
 * @throws FoldingError KEY when there are fewer
 */
export function kzgKey({ bases, tau2 }: SRS, count: number): KZGKey {
  const available = bases.length / POINT_BYTES;
  if (available < count) {
    throw new FoldingError("KEY", `the program needs ${count} powers of tau, ${available} came`);
  }
  return { kind: "kzg", bases: digestBases(bases.subarray(0, count * POINT_BYTES)), tau2 };
}

/**
 * What powers of tau are called where people and peers name them: SHA-256 of [τ]₂ (`g2ToBytes`) in lower-case hex, which
 * determines all of them.
 */
export const powersName = (tau2: G2Point): string => bytesToHex(sha256(g2ToBytes(tau2)));

/** SHA-256(digest of the bases ‖ [1]₂ ‖ [τ]₂), as an integer of 256 bits: what vk absorbs of a KZG key. */
export const srsHash = ({ bases, tau2 }: KZGKey): bigint =>
  integerFromBytesBE(
    sha256(concatBytes(hexToBytes(bases), g2ToBytes(G2_GENERATOR), g2ToBytes(tau2))),
  );
