// A proof as a file, version 1:  magic "FMPROOF" | version u8 | form u8 | origin 68 | body
//
// Form: 0 a node, 1 compressed, under a transparent key; 2 and 3 the same under powers of tau.
// The body is the root node or the compressed proof in its own encoding, which names vk; the header only
// says how to derive it, and nobody need believe it.

import { concatBytes } from "@foldmesh/algebra";
import { FoldingError } from "../errors.ts";
import type { KeyIdentity } from "../key.ts";
import { ORIGIN_BYTES, type Origin, decodeOrigin, encodeOrigin, impossible } from "./origin.ts";

/** `compressed`: about 10 kB, hides the witness. `node`: the root of the tree, megabytes, discloses it. */
export type ProofForm = "compressed" | "node";

const MAGIC = new TextEncoder().encode("FMPROOF");
const VERSION = 1;
const FORM_AT = MAGIC.length + 1;
const ORIGIN_AT = FORM_AT + 1;
const BODY_AT = ORIGIN_AT + ORIGIN_BYTES;
type KeyKind = KeyIdentity["kind"];
const FORMS: readonly (readonly [KeyKind, ProofForm])[] = [
  ["transparent", "node"],
  ["transparent", "compressed"],
  ["kzg", "node"],
  ["kzg", "compressed"],
];
/** No node is larger: two witnesses at 2^22 rows. */
const MAX_PROOF_BYTES = 2 ** 29;

export interface ProofFile extends Origin {
  readonly form: ProofForm;
  /** The sort of key that the program is bound to; default transparent, always there in a file that was read. */
  readonly key?: KeyKind;
  /** Decoding it takes the system. */
  readonly body: Uint8Array;
}

export function encodeProofFile(file: ProofFile): Uint8Array {
  const { key = "transparent", form, body } = file;
  const byte = FORMS.findIndex((known) => known[0] === key && known[1] === form);
  return concatBytes(MAGIC, Uint8Array.of(VERSION, byte), encodeOrigin(file), body);
}

/**
 * @throws FoldingError DECODE when the bytes are no proof file of this version, HEADER when its claims are
 *   impossible
 */
export function decodeProofFile(bytes: Uint8Array): ProofFile {
  if (bytes.length < BODY_AT) throw noProof(`it has only ${bytes.length} bytes`);
  if (bytes.length > MAX_PROOF_BYTES) {
    throw noProof(`it has ${bytes.length} bytes, over ${MAX_PROOF_BYTES}`);
  }
  if (!MAGIC.every((byte, n) => bytes[n] === byte)) throw noProof("it does not begin with FMPROOF");
  const version = bytes[MAGIC.length];
  if (version !== VERSION) {
    throw noProof(`format version ${version}, this build reads ${VERSION}`);
  }
  const known = FORMS[bytes[FORM_AT]!];
  if (known === undefined) throw impossible(`form must be 0 to 3, got ${bytes[FORM_AT]}`);
  const [key, form] = known;
  return { ...decodeOrigin(bytes, ORIGIN_AT), form, key, body: bytes.slice(BODY_AT) };
}

const noProof = (what: string): FoldingError =>
  new FoldingError("DECODE", `not a Foldmesh proof: ${what}`);
