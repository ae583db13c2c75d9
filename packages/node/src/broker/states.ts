import { ELEMENT_BYTES, Fp, elementsFromBytes } from "@foldmesh/algebra";
import { execute } from "@foldmesh/prover";
import { restOfInput } from "../shard-input.ts";
import { type JobInput, type Program, stepCount } from "@foldmesh/r1cs";

export type State = readonly bigint[];

/** Called after every leaf. @param leaves executed @param state after them */
export type ExecuteProgress = (leaves: number, state: State) => void;

export interface ExecuteOptions {
  readonly signal: AbortSignal;
  readonly onProgress: ExecuteProgress;
  /** Called after every step that is executed now. @param steps how many those are so far */
  readonly onStep?: (steps: number) => void;
  /** after the first leaves, from an earlier run: it begins behind them */
  readonly known?: readonly State[];
}

/**
 * Runs a whole computation without proving it: the state before every leaf, and the last one.
 * @returns leaves + 1 states
 * @throws R1CSError INPUT, WITNESS, TIMEOUT, MEMORY, ABORTED; ProverError PROVING
 */
export async function statesBetweenLeaves(
  program: Program,
  input: JobInput,
  stepsPerLeaf: number,
  { signal, onProgress, onStep, known = [] }: ExecuteOptions,
): Promise<readonly State[]> {
  const states: State[] = [input.z0, ...known];
  known.forEach((state, leaf) => onProgress(leaf + 1, state));
  const begun = known.length * stepsPerLeaf;
  const steps = stepCount(input);
  if (begun === steps) return states;
  const rest = restOfInput(input, begun, states.at(-1)!);
  await using executor = execute(program, rest, { signal });
  for (let step = begun + 1; step <= steps; step++) {
    const assignment = await executor.next();
    onStep?.(step - begun);
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
