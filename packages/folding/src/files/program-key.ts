// The verifying key of a program as a file, version 1:  magic "FMPKEY" | version u8 | origin 68 | body
//
// The body is the verifying key of the leaf's circuit (compress/key-file.ts). How many steps a leaf holds
// is said here, because no verifier may take that from a proof.

import { type Permutation, concatBytes } from "@foldmesh/algebra";
import {
  type VerifierKeyFile,
  decodeVerifierKey,
  verifierKeyDigest,
} from "../compress/key-file.ts";
import { FoldingError } from "../errors.ts";
import { ORIGIN_BYTES, type Origin, decodeOrigin, encodeOrigin } from "./origin.ts";

const MAGIC = new TextEncoder().encode("FMPKEY");
const VERSION = 1;
const ORIGIN_AT = MAGIC.length + 1;
const BODY_AT = ORIGIN_AT + ORIGIN_BYTES;

/** A file that was read, and what it is named and pinned by. */
export interface ProgramKey extends Origin, VerifierKeyFile {
  /** SHA-256 of the whole file in lower-case hex. */
  readonly digest: string;
}

/** @param body from `encodeVerifierKey`, of the system derived from `origin` */
export const encodeProgramKey = (origin: Origin, body: Uint8Array): Uint8Array =>
  concatBytes(MAGIC, Uint8Array.of(VERSION), encodeOrigin(origin), body);

/**
 * Reads a key and derives its system: about half a second.
 * @param pinned the digest that the caller expects; nothing is read of other bytes. Without it the key, and
 *   so every proof that it accepts, is only as good as where the bytes come from.
 * @throws FoldingError DECODE, HEADER
 */
export function decodeProgramKey(
  bytes: Uint8Array,
  permute: Permutation,
  pinned?: string,
): ProgramKey {
  const digest = verifierKeyDigest(bytes);
  if (pinned !== undefined && pinned !== digest) {
    throw noKey(`its SHA-256 is ${digest}, expected ${pinned}`);
  }
  if (bytes.length < BODY_AT) throw noKey(`it has only ${bytes.length} bytes`);
  if (!MAGIC.every((byte, n) => bytes[n] === byte)) throw noKey("it does not begin with FMPKEY");
  const version = bytes[MAGIC.length];
  if (version !== VERSION) throw noKey(`format version ${version}, this build reads ${VERSION}`);
  const origin = decodeOrigin(bytes, ORIGIN_AT);
  const body = bytes.subarray(BODY_AT);
  const key = decodeVerifierKey(body, undefined, permute);
  if (key.system.context !== origin.context) {
    throw noKey("its header and its circuit differ in context");
  }
  return { ...origin, ...key, digest };
}

const noKey = (what: string): FoldingError =>
  new FoldingError("DECODE", `not the verifying key of a program: ${what}`);
