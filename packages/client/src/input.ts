// The private inputs of a whole job as a blob: canonical DAG-CBOR { steps: [{ name: value, … }, …] }, with
// no entries for a step without private inputs.

import { ProtocolError, decodeCanonical, encodeCanonical } from "@foldmesh/protocol";
import type { JobInput, StepInputs } from "@foldmesh/r1cs";
import { MAX_INPUT_ITEMS, inputBlob } from "./values.ts";

export const encodeInput = (input: JobInput): Uint8Array =>
  encodeCanonical(inputBlob, { steps: "steps" in input ? input.steps : [] });

/**
 * The job that a request's z0 and step count make of the blob.
 * @throws ProtocolError when the bytes are no inputs, or not of that many steps
 */
export function decodeInput(bytes: Uint8Array, z0: readonly bigint[], count: number): JobInput {
  const { steps } = decodeCanonical(inputBlob, bytes, "inputs", MAX_INPUT_ITEMS);
  return sized(z0, steps, count);
}

/** Entries for all steps, or none at all. */
export function sized(
  z0: readonly bigint[],
  steps: readonly StepInputs[],
  count: number,
): JobInput {
  if (steps.length === 0) return { z0, count };
  if (steps.length === count) return { z0, steps };
  throw new ProtocolError(
    "OUT_OF_RANGE",
    `the inputs are those of ${steps.length} steps, the request says ${count}`,
  );
}
