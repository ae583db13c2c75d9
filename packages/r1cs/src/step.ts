import { R1CSError } from "./errors.ts";
import type { CircomHeader, CircomR1CS } from "./parse-r1cs.ts";
import type { R1CS } from "./structure.ts";
import { type MainSignals, type SignalShape, type Sym, mainSignals, showSignal } from "./sym.ts";

/** Elements of state that a step may carry. */
export const MAX_STATE_SIZE = 4;

/** A circuit that takes z to z': columns [1, step_out(a), step_in(a), private …]. */
export interface StepCircuit {
  readonly r1cs: R1CS;
  /** a, 1 ≤ a ≤ 4. */
  readonly stateSize: number;
}

/** The least that a step circuit needs in circom, for error messages. */
export const CONVENTION: string =
  "a step declares `signal input step_in[a]; signal output step_out[a];` with 1 ≤ a ≤ 4 and ends with " +
  "`component main {public [step_in]} = YourTemplate();`; every other input is private";

/**
 * Checks the convention by the header's counts, and the names too where `sym` is given.
 * @throws R1CSError CONVENTION, saying what to write
 */
export function stepCircuit(r1cs: CircomR1CS, sym?: Sym): StepCircuit {
  const { header } = r1cs;
  if (sym !== undefined) checkNames(mainSignals(header, sym));
  if (header.outputs !== header.publicInputs) refuse(sizesDiffer(header));
  if (header.outputs < 1 || header.outputs > MAX_STATE_SIZE) {
    refuse(
      `the state has ${header.outputs} elements, it may have 1 to ${MAX_STATE_SIZE}: hash a larger state and pass its content privately`,
    );
  }
  return { r1cs, stateSize: header.outputs };
}

function checkNames({ outputs, publicInputs, privateInputs }: MainSignals): void {
  if (privateInputs.some(({ name }) => name === "step_in")) {
    refuse("step_in is not public: write `component main {public [step_in]} = …`");
  }
  checkOnly(publicInputs, "step_in", "public input", "leave it out of `{public [step_in]}`");
  checkOnly(outputs, "step_out", "output", "make it an inner signal, or part of step_out");
}

function checkOnly(
  signals: readonly SignalShape[],
  name: string,
  kind: string,
  advice: string,
): void {
  const found = signals.find((signal) => signal.name === name);
  if (found === undefined) refuse(`there is no ${kind} ${name}`);
  const other = signals.find((signal) => signal.name !== name);
  if (other !== undefined) refuse(`${showSignal(other)} is another ${kind}: ${advice}`);
  if (found.size.length !== 1) {
    refuse(`${showSignal(found)} must have one dimension, \`${name}[a]\``);
  }
}

function sizesDiffer({ outputs, publicInputs }: CircomHeader): string {
  const advice = publicInputs === 0 ? ": is `{public [step_in]}` missing?" : "";
  return `step_out has ${outputs} elements and step_in ${publicInputs}, they must agree${advice}`;
}

function refuse(what: string): never {
  throw new R1CSError("CONVENTION", `not a step circuit: ${what}. (${CONVENTION}.)`);
}
