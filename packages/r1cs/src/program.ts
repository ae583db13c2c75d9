import { R1CSError } from "./errors.ts";
import {
  type Manifest,
  PROGRAM_FILES,
  type ProgramFile,
  fileEntry,
  programDigest,
} from "./manifest.ts";
import { type CircomR1CS, parseR1CS } from "./parse-r1cs.ts";
import { type StepCircuit, stepCircuit } from "./step.ts";
import { type SignalShape, type Sym, mainSignals, parseSym } from "./sym.ts";

/** A program ready to be run and proved. */
export interface Program {
  readonly manifest: Manifest;
  /** See `programDigest`. */
  readonly digest: string;
  readonly step: StepCircuit;
  /** circom's witness program: foreign code, run it with createWitnessRunner only. */
  readonly wasm: Uint8Array;
  /** Every input signal of the circuit, step_in first. */
  readonly inputs: readonly SignalShape[];
  readonly sym: Sym;
}

export type ProgramBytes = Readonly<Record<ProgramFile, Uint8Array>>;

/**
 * Opens a program from its manifest and files, which must match the manifest in every respect.
 * @throws R1CSError CORRUPT (file against manifest), and those of parseR1CS, parseSym, stepCircuit
 */
export function openProgram(manifest: Manifest, files: ProgramBytes): Program {
  for (const name of PROGRAM_FILES) checkFile(name, files[name], manifest);
  const r1cs = parseR1CS(files["step.r1cs"]);
  const sym = parseSym(decodeText(files["step.sym"]));
  const step = stepCircuit(r1cs, sym);
  checkOutputsConstrained(step);
  checkCounts(manifest, describeStep(r1cs, sym));
  const { publicInputs, privateInputs } = mainSignals(r1cs.header, sym);
  return {
    manifest,
    digest: programDigest(manifest),
    step,
    wasm: files["step.wasm"],
    inputs: [...publicInputs, ...privateInputs],
    sym,
  };
}

function checkFile(name: ProgramFile, bytes: Uint8Array, manifest: Manifest): void {
  const expected = manifest.files[name];
  const found = fileEntry(bytes);
  if (found.bytes === expected.bytes && found.sha256 === expected.sha256) return;
  throw new R1CSError(
    "CORRUPT",
    `${name} is not the file that program.json describes (SHA-256 ${found.sha256}, expected ${expected.sha256}): build the program again`,
  );
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new R1CSError("MALFORMED", "step.sym is not text", { cause: error });
  }
}

/** A step_out element in no constraint could be given any value by a prover. */
function checkOutputsConstrained({ r1cs, stateSize }: StepCircuit): void {
  const isUsed = (wire: number): boolean =>
    [r1cs.A, r1cs.B, r1cs.C].some((m) => m.column.includes(wire));
  for (let i = 0; i < stateSize; i++) {
    if (isUsed(1 + i)) continue;
    throw new R1CSError(
      "CONVENTION",
      `step_out[${i}] is in no constraint, so a prover could give it any value: assign it with <==, not with <-- or not at all, and something that the step computes or constrains`,
    );
  }
}

type Description = Pick<Manifest, "stateSize" | "constraints" | "wires" | "privateInputs">;

/** The part of a manifest that the circuit itself tells. @throws R1CSError CONVENTION */
export function describeStep(r1cs: CircomR1CS, sym: Sym): Description {
  const { stateSize } = stepCircuit(r1cs, sym);
  const { privateInputs } = mainSignals(r1cs.header, sym);
  return { stateSize, constraints: r1cs.A.rows, wires: r1cs.columns, privateInputs };
}

function checkCounts(manifest: Manifest, found: Description): void {
  for (const key of ["stateSize", "constraints", "wires", "privateInputs"] as const) {
    const [told, is] = [JSON.stringify(manifest[key]), JSON.stringify(found[key])];
    if (told === is) continue;
    throw new R1CSError("CORRUPT", `program.json says ${key} ${told}, the circuit has ${is}`);
  }
}
