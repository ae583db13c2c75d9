// Runs the program's steps in order and gives their assignments one by one.

import { ELEMENT_BYTES, elementsFromBytes, Fp } from "@foldmesh/algebra";
import { type JobInput, type Program, stepCount, stepInputs } from "@foldmesh/r1cs";
import { createWitnessRunner } from "@foldmesh/r1cs/node";
import type { ProverEvent } from "./api.ts";
import { ProverError } from "./errors.ts";

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
  const total = stepCount(input);
  let state = input.z0;
  let step = 0;
  const runner = createWitnessRunner({
    wasm: program.wasm,
    columns: r1cs.columns,
    inputs: program.inputs,
    onLog: (line) => onEvent?.({ type: "log", step, line }),
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    async next() {
      const inputs = { step_in: [...state], ...stepInputs(input, step) };
      const assignment = await runner.run(inputs, { step });
      const states = assignment.subarray(ELEMENT_BYTES, ELEMENT_BYTES * (1 + 2 * stateSize));
      const elements = elementsFromBytes(states, Fp.modulus);
      requireState(step, state, elements.slice(stateSize));
      state = elements.slice(0, stateSize);
      step++;
      onEvent?.({ type: "execute", done: step, total });
      return assignment;
    },
    [Symbol.asyncDispose]: () => runner.close(),
  };
}

/** A witness program is foreign: what it says it started from need not be what it was given. */
function requireState(step: number, given: readonly bigint[], used: readonly bigint[]): void {
  if (given.every((x, n) => x === used[n])) return;
  throw new ProverError(
    "PROVING",
    `step ${step}: the witness program started from another state than it was given: build the program again`,
  );
}
