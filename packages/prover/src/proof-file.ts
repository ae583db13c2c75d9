// A proof as a file, version 1:
//   magic "FMPROOF" | version u8 | form u8 (0 node, 1 compressed) | program digest 32 | steps per leaf u32be | context 32 | body
// The body is the root node or the compressed proof in its own encoding (@foldmesh/folding), which names vk;
// the header only says how to derive it.

import { Fp, concatBytes, elementsToBytes, readElement, viewOf } from "@foldmesh/algebra";
import type { ProofForm } from "./api.ts";
import { ProverError } from "./errors.ts";

const MAGIC = new TextEncoder().encode("FMPROOF");
const VERSION = 1;
const FORM_AT = MAGIC.length + 1;
const DIGEST_AT = FORM_AT + 1;
const STEPS_AT = DIGEST_AT + 32;
const CONTEXT_AT = STEPS_AT + 4;
const BODY_AT = CONTEXT_AT + 32;
const FORMS: readonly ProofForm[] = ["node", "compressed"];
/** No node is larger: two witnesses at 2^22 rows. */
const MAX_PROOF_BYTES = 2 ** 29;

/** The context of a proof that may be reused between jobs. */
export const REUSABLE = 0n;

export interface ProofFile {
  /** Lower-case hex, as `Program.digest`. */
  readonly programDigest: string;
  readonly stepsPerLeaf: number;
  readonly context: bigint;
  readonly form: ProofForm;
  /** Decoding it takes the system. */
  readonly body: Uint8Array;
}

export function encodeProof(file: ProofFile): Uint8Array {
  const { programDigest, stepsPerLeaf, context, form, body } = file;
  const digest = Uint8Array.from(programDigest.match(/../g)!, (pair) => Number.parseInt(pair, 16));
  const steps = new Uint8Array(4);
  viewOf(steps).setUint32(0, stepsPerLeaf);
  return concatBytes(
    MAGIC,
    Uint8Array.of(VERSION, FORMS.indexOf(form)),
    digest,
    steps,
    elementsToBytes([context]),
    body,
  );
}

/** @throws ProverError PROOF when the bytes are no proof file of this version, HEADER when its claims are impossible */
export function decodeProof(bytes: Uint8Array): ProofFile {
  const refuse = (what: string): never => {
    throw new ProverError("PROOF", `not a Foldmesh proof: ${what}`);
  };
  if (bytes.length < BODY_AT) refuse(`it has only ${bytes.length} bytes`);
  if (bytes.length > MAX_PROOF_BYTES)
    refuse(`it has ${bytes.length} bytes, over ${MAX_PROOF_BYTES}`);
  if (!MAGIC.every((byte, n) => bytes[n] === byte)) refuse("it does not begin with FMPROOF");
  if (bytes[MAGIC.length] !== VERSION) {
    refuse(`format version ${bytes[MAGIC.length]}, this build reads ${VERSION}`);
  }
  const view = viewOf(bytes);
  const stepsPerLeaf = view.getUint32(STEPS_AT);
  const context = readElement(view, CONTEXT_AT);
  const disbelieve = (what: string): never => {
    throw new ProverError("HEADER", `header: ${what}`);
  };
  const form = FORMS[bytes[FORM_AT]!];
  if (form === undefined) return disbelieve(`form must be 0 or 1, got ${bytes[FORM_AT]}`);
  if (stepsPerLeaf === 0) disbelieve("it claims leaves without steps");
  if (!Fp.isCanonical(context)) disbelieve("its context is not below the modulus");
  return {
    programDigest: Buffer.from(bytes.subarray(DIGEST_AT, STEPS_AT)).toString("hex"),
    stepsPerLeaf,
    context,
    form,
    body: bytes.slice(BODY_AT),
  };
}
