import { ELEMENT_BYTES, Fp, elementsFromBytes } from "@foldmesh/algebra";
import { execute } from "@foldmesh/prover";
import { type JobInput, type Program, stepCount } from "@foldmesh/r1cs";

export type State = readonly bigint[];

/** Called after every leaf. @param leaves executed @param state after them */
export type ExecuteProgress = (leaves: number, state: State) => void;

/**
 * Runs a whole computation without proving it: the state before every leaf, and the last one.
 * @returns leaves + 1 states
 * @throws R1CSError INPUT, WITNESS, TIMEOUT, MEMORY, ABORTED; ProverError PROVING
 */
export async function statesBetweenLeaves(
  program: Program,
  input: JobInput,
  stepsPerLeaf: number,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: ExecuteProgress },
): Promise<readonly State[]> {
  await using executor = execute(program, input, { signal });
  const states: State[] = [input.z0];
  const steps = stepCount(input);
  for (let step = 1; step <= steps; step++) {
    const assignment = await executor.next();
    if (step % stepsPerLeaf !== 0) continue;
    const state = stateAfter(assignment, program.step.stateSize);
    states.push(state);
    onProgress(step / stepsPerLeaf, state);
  }
  return states;
}

/** step_out stands right after the constant wire. */
const stateAfter = (assignment: Uint8Array, stateSize: number): State =>
  elementsFromBytes(
    assignment.subarray(ELEMENT_BYTES, ELEMENT_BYTES * (1 + stateSize)),
    Fp.modulus,
  );
