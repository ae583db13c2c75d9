export { AlgebraError, type AlgebraErrorCode, assert } from "./errors.ts";
export {
  ELEMENT_BYTES,
  areCanonical,
  concatBytes,
  elementsFromBytes,
  elementsToBytes,
  everyOther,
  integerFromBytesBE,
  readElement,
  viewOf,
  writeElement,
} from "./bytes.ts";
export { Fp, Fq, type FieldName, PrimeField, horner, innerProduct, powers } from "./field.ts";
export { Curve, type CurveName, G1, Grumpkin, type Point } from "./curve.ts";
export { POINT_BYTES, pointsFromBytes, pointsToBytes } from "./points.ts";
export {
  CHAIN_RATE,
  FULL_ROUNDS,
  type Permutation,
  type PoseidonParameters,
  chainBlocks,
  hashChain,
  isFullRound,
  permuteWith,
  plainPoseidon,
  poseidonParameters,
} from "./poseidon.ts";
export {
  type Lanes,
  SHORT_BITS,
  TAG,
  Transcript,
  oddScalar,
  shortChallenge,
} from "./transcript.ts";
export {
  GENERATOR_DST,
  curveHasher,
  generatorMessage,
  generators,
  svdwConstants,
} from "./hash-to-curve.ts";
export {
  type Fq2,
  G2_BYTES,
  G2_GENERATOR,
  type G2Point,
  g2FromBytes,
  g2ToBytes,
  isG2Point,
  sameG2,
} from "./kzg/g2.ts";
export { type Pair, pairingsCancel } from "./kzg/pairing.ts";
export {
  type ByteSource,
  type PtauLayout,
  readKnownPtau,
  readPtau,
  readPtauLayout,
  readTau2,
} from "./kzg/ptau.ts";
export { type SRS, arePowers, digestBases } from "./kzg/srs.ts";
export { type MSM, type MSMOptions, wasmMSM } from "./msm/msm.ts";
export { type PackedBases, packedBases } from "./msm/packed-bases.ts";
export { deriveG1Generators } from "./generators.ts";
export { bigintEngine } from "./bigint-engine.ts";
export {
  type EngineInit,
  type EngineOptions,
  type MatrixDescriptor,
  type ResidentDescriptor,
  type WasmCommitmentKey,
  type WasmEngine,
  attachEngine,
  createEngine,
} from "./wasm/engine.ts";
export { type CompiledModules, type ModuleLoader, fetchModules } from "./wasm/modules.ts";
export type { KeyDescriptor, MSMFactory, MSMPort, WasmContext } from "./wasm/msm-port.ts";
export type { BackendName } from "./codegen/backend.ts";
export { type Rng, secureRng } from "./random.ts";
export type {
  CommitmentKey,
  Engine,
  Matrix,
  QuadraticRound,
  SparseMatrix,
  Vec,
  VectorField,
} from "./engine.ts";
