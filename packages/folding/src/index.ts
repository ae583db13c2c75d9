export { FoldingError, type FoldingErrorCode, MergeRejected } from "./errors.ts";
export {
  type Dimensions,
  type System,
  type PackedSystem,
  type SystemGenerators,
  type SystemInit,
  VERSION,
  deriveSystem,
  packSystem,
  systemGenerators,
  unpackSystem,
} from "./system.ts";
export { type MatrixTriple, type Setup, loadSetup } from "./setup.ts";
export { INDEX_LIMIT, type Kind, type Shape, isStatement } from "./statement.ts";
export {
  type Header,
  type MultifoldProof,
  type RoundMessage,
  type Slots,
  multifoldVerify,
} from "./multifold.ts";
export { type CycleFoldHints, type CycleFoldOpening, cycleFoldVerify } from "./cyclefold.ts";
export {
  type Expectation,
  type LeafInit,
  type MergeStage,
  type MergeTrace,
  type TreeNode,
  isWellFormed,
  mergeHeader,
  mergeNodes,
  mergeSlots,
  proveLeaf,
  verifyNode,
} from "./node.ts";
export { decodeNode, encodeNode, nodeBytes } from "./encoding.ts";
