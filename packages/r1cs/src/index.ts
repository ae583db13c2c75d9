export { R1CSError, type R1CSErrorCode, type R1CSErrorPlace } from "./errors.ts";
export {
  MATRICES,
  MatrixBuilder,
  type MovedMatrix,
  type R1CS,
  type Row,
  checkStructure,
  digestStructure,
  type Hash,
  encodeStructure,
  multiplyMatrix,
  rowOf,
  stackMatrices,
} from "./structure.ts";
export { type CircomHeader, type CircomR1CS, R1CS_LIMITS, parseR1CS } from "./parse-r1cs.ts";
export { CONVENTION, MAX_STATE_SIZE, type StepCircuit, stepCircuit } from "./step.ts";
export { type SignalShape, type Sym, parseSym, showSignal, wireName } from "./sym.ts";
export { type Violation, firstViolation } from "./violation.ts";
export { checkAssignment } from "./assignment.ts";
export { encodeWTNS, parseWTNS } from "./wtns.ts";
export { repeatAssignment, repeatStep } from "./repeat.ts";
export {
  type FileEntry,
  MANIFEST_FILE,
  type Manifest,
  PROGRAM_FILES,
  type ProgramFile,
  parseManifest,
  programDigest,
} from "./manifest.ts";
export { type Program, type ProgramBytes, openProgram } from "./program.ts";
export type { StepInputs, Value } from "./value.ts";
export {
  JOB_INPUT_LIMITS,
  type JobInput,
  checkJobInput,
  parseJobInput,
  stepCount,
  stepInputs,
} from "./job-input.ts";
export { limitMemory } from "./wasm-limits.ts";
export { type WitnessProgram, type WitnessResult, instantiateWitness } from "./witness-program.ts";
export { type EncodedSignal, encodeInputs } from "./signals.ts";
