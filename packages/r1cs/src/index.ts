export { R1CSError, type R1CSErrorCode } from "./errors.ts";
export {
  MATRICES,
  MatrixBuilder,
  type R1CS,
  type Row,
  checkStructure,
  digestStructure,
  encodeStructure,
  multiplyMatrix,
  rowOf,
} from "./structure.ts";
