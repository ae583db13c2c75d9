// Runs the program's steps in order and gives their assignments one by one.

import { ELEMENT_BYTES, elementsFromBytes, Fp } from "@foldmesh/algebra";
import { type JobInput, type Program, stepCount, stepInputs } from "@foldmesh/r1cs";
import { createWitnessRunner } from "@foldmesh/r1cs/node";
import type { ProverEvent } from "./api.ts";

export interface Executor extends AsyncDisposable {
  /** The assignment of the next step, 32-byte little-endian elements. */
  next(): Promise<Uint8Array>;
}

export function execute(
  program: Program,
  input: JobInput,
  {
    signal,
    onEvent,
  }: { signal?: AbortSignal | undefined; onEvent?: ((event: ProverEvent) => void) | undefined },
): Executor {
  const { r1cs, stateSize } = program.step;
  const runner = createWitnessRunner({
    wasm: program.wasm,
    columns: r1cs.columns,
    inputs: program.inputs,
    ...(signal === undefined ? {} : { signal }),
  });
  const total = stepCount(input);
  let state = input.z0;
  let step = 0;
  return {
    async next() {
      const inputs = { step_in: [...state], ...stepInputs(input, step) };
      const assignment = await runner.run(inputs, { step });
      const out = assignment.subarray(ELEMENT_BYTES, ELEMENT_BYTES * (1 + stateSize));
      state = elementsFromBytes(out, Fp.modulus);
      step++;
      onEvent?.({ type: "execute", done: step, total });
      return assignment;
    },
    [Symbol.asyncDispose]: () => runner.close(),
  };
}
