// EdDSA-Poseidon on BabyJubjub, as circomlib's EdDSAPoseidonVerifier checks it:
// S·B = R + Poseidon(R, A, M)·8A, B the generator of the prime-order subgroup. Demo accounts only:
// BigInt arithmetic is not constant time.

import { babyjubjub } from "@noble/curves/misc.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, integerFromBytesBE } from "@foldmesh/algebra";
import { poseidon5 } from "poseidon-lite/poseidon5";

const { Point } = babyjubjub;
const ORDER = Point.Fn.ORDER;
const COFACTOR = 8n;

export type PublicKey = readonly [x: bigint, y: bigint];

export interface Signature {
  readonly R: PublicKey;
  readonly S: bigint;
}

const text = (label: string): Uint8Array => new TextEncoder().encode(label);

/** Never 0: as likely as guessing a key. */
const scalarFrom = (...parts: readonly Uint8Array[]): bigint =>
  integerFromBytesBE(sha512(concatBytes(...parts))) % ORDER;

const secretScalar = (privateKey: Uint8Array): bigint =>
  scalarFrom(text("foldmesh-transfers key"), privateKey);

/** @param privateKey secret bytes, 32 for full strength */
export function publicKeyOf(privateKey: Uint8Array): PublicKey {
  const { x, y } = Point.BASE.multiply(secretScalar(privateKey)).toAffine();
  return [x, y];
}

/** @param message an element of [0, p) */
export function sign(privateKey: Uint8Array, message: bigint): Signature {
  const secret = secretScalar(privateKey);
  const key = publicKeyOf(privateKey);
  const seed = text(`foldmesh-transfers nonce ${message}`);
  const nonce = scalarFrom(seed, privateKey);
  const { x, y } = Point.BASE.multiply(nonce).toAffine();
  const challenge = poseidon5([x, y, ...key, message]);
  return { R: [x, y], S: (nonce + challenge * COFACTOR * secret) % ORDER };
}

export function verify(key: PublicKey, message: bigint, { R, S }: Signature): boolean {
  try {
    if (S < 0n || S >= ORDER) return false;
    const [A, r] = [pointOf(key), pointOf(R)];
    const challenge = poseidon5([...R, ...key, message]) % ORDER;
    const expected = r.add(A.multiplyUnsafe(COFACTOR).multiplyUnsafe(challenge));
    return Point.BASE.multiplyUnsafe(S).equals(expected);
  } catch {
    return false; // coordinates out of range or off the curve
  }
}

function pointOf([x, y]: PublicKey): InstanceType<typeof Point> {
  const point = Point.fromAffine({ x, y });
  point.assertValidity();
  return point;
}
