export { AlgebraError, type AlgebraErrorCode, assert } from "./errors.ts";
export {
  ELEMENT_BYTES,
  concatBytes,
  elementsFromBytes,
  elementsToBytes,
  integerFromBytesBE,
  readElement,
  viewOf,
  writeElement,
} from "./bytes.ts";
export { Fp, Fq, type FieldName, PrimeField, horner, innerProduct, powers } from "./field.ts";
export { Curve, type CurveName, G1, Grumpkin, type Point } from "./curve.ts";
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
