// Where a proof comes from, as files say it:  program digest 32 | steps per leaf u32be | context 32

import { Fp, concatBytes, elementsToBytes, readElement, viewOf } from "@foldmesh/algebra";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { FoldingError } from "../errors.ts";

/** What a system was derived from. */
export interface Origin {
  /** Lower-case hex, as `Program.digest` of @foldmesh/r1cs. */
  readonly programDigest: string;
  /** Chained copies of the step in one leaf. */
  readonly stepsPerLeaf: number;
  /** 0 for proofs that may be reused between jobs, or what they are bound to. */
  readonly context: bigint;
}

const STEPS_AT = 32;
const CONTEXT_AT = STEPS_AT + 4;
export const ORIGIN_BYTES: number = CONTEXT_AT + 32;

export function encodeOrigin({ programDigest, stepsPerLeaf, context }: Origin): Uint8Array {
  const steps = new Uint8Array(4);
  viewOf(steps).setUint32(0, stepsPerLeaf);
  return concatBytes(hexToBytes(programDigest), steps, elementsToBytes([context]));
}

/**
 * @param at where it begins; ORIGIN_BYTES must be there
 * @throws FoldingError HEADER when it cannot be that of anything
 */
export function decodeOrigin(bytes: Uint8Array, at: number): Origin {
  const view = viewOf(bytes);
  const stepsPerLeaf = view.getUint32(at + STEPS_AT);
  const context = readElement(view, at + CONTEXT_AT);
  if (stepsPerLeaf === 0) throw impossible("it claims leaves without steps");
  if (!Fp.isCanonical(context)) throw impossible("its context is not below the modulus");
  const programDigest = bytesToHex(bytes.subarray(at, at + STEPS_AT));
  return { programDigest, stepsPerLeaf, context };
}

export const impossible = (what: string): FoldingError =>
  new FoldingError("HEADER", `header: ${what}`);
