// The input of one shard as a blob: canonical DAG-CBOR { job, start, steps }: the state before its first step and the
// private inputs of its steps (none for a step without private inputs).

import { MAX_INPUT_ITEMS, element, inputsCodec, sized } from "@foldmesh/client";
import {
  type CIDText,
  type Codec,
  ProtocolError,
  type Range,
  cid,
  decodeCanonical,
  encodeCanonical,
  list,
  struct,
} from "@foldmesh/protocol";
import type { JobInput, StepInputs } from "@foldmesh/r1cs";

interface ShardInput {
  readonly job: CIDText;
  readonly start: readonly bigint[];
  readonly steps: readonly StepInputs[];
}

const shardInput: Codec<ShardInput> = struct<ShardInput>({
  job: cid,
  start: list(element, 1, 256),
  steps: inputsCodec,
});

/** @param range of leaves @param start the state before the first of them */
export function encodeShardInput(
  job: CIDText,
  input: JobInput,
  range: Range,
  stepsPerLeaf: number,
  start: readonly bigint[],
): Uint8Array {
  const steps =
    "steps" in input ? input.steps.slice(range.start * stepsPerLeaf, range.end * stepsPerLeaf) : [];
  return encodeCanonical(shardInput, { job, start, steps });
}

/**
 * @param steps of the whole shard
 * @throws ProtocolError when the bytes are no input of that job and of that many steps
 */
export function decodeShardInput(blob: Uint8Array, job: CIDText, steps: number): JobInput {
  const {
    start,
    steps: inputs,
    ...of
  } = decodeCanonical(
    shardInput,
    blob,
    "shard input",
    MAX_INPUT_ITEMS + 1024, // and its start
  );
  if (of.job !== job) {
    throw new ProtocolError("OUT_OF_RANGE", `the shard input is of job ${of.job}, not ${job}`);
  }
  return sized(start, inputs, steps);
}

/** What is left of a shard's input after `done` steps, which ended in `state`. */
export function restOfInput(input: JobInput, done: number, state: readonly bigint[]): JobInput {
  return "steps" in input
    ? { z0: state, steps: input.steps.slice(done) }
    : { z0: state, count: input.count - done };
}
