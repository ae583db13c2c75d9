export { FoldingError, type FoldingErrorCode, MergeRejected } from "./errors.ts";
export { BASES_DIGESTS, BLOCK_POINTS } from "./bases.ts";
export {
  type Dimensions,
  GENERATORS_DIGEST,
  type Structures,
  type System,
  type SystemGenerators,
  type SystemInit,
  VERSION,
  deriveSystem,
  systemGenerators,
  withKey,
} from "./system.ts";
export { type LeafSize, MAX_LOG_ROWS, type StepSize, leafSize, mergeSize } from "./size.ts";
export {
  type KZGKey,
  type KeyIdentity,
  TRANSPARENT,
  type TransparentKey,
  kzgKey,
  powersName,
} from "./key.ts";
export { type MatrixTriple, type Setup, type SetupHandles, loadSetup, setupOf } from "./setup.ts";
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
  formFault,
  mergeHeader,
  mergeNodes,
  mergeSlots,
  proveLeaf,
  remask,
  statementFailures,
  verifyNode,
} from "./node.ts";
export { decodeNode, encodeNode, nodeBytes } from "./encoding.ts";
export { type CompressOptions, compressNode } from "./compress/compress.ts";
export { type CompressedProof, decodeProof, proofBytes } from "./compress/proof.ts";
export {
  type BatchItem,
  type CompressedExpectation,
  verifyCompressed,
  verifyCompressedBatch,
} from "./compress/verify.ts";
export {
  type Compressor,
  type VerifierKey,
  type VerifierSystem,
  loadCompressor,
  loadVerifierKey,
  verifierBases,
} from "./compress/verifier-key.ts";
export {
  type VerifierKeyFile,
  decodeVerifierKey,
  encodeVerifierKey,
  verifierKeyDigest,
} from "./compress/key-file.ts";
export { ipaLength } from "./setup.ts";
export type { Origin } from "./files/origin.ts";
export { type Claim, readClaim } from "./files/claim.ts";
export {
  type ProofFile,
  type ProofForm,
  decodeProofFile,
  encodeProofFile,
} from "./files/proof-file.ts";
export { type ProgramKey, decodeProgramKey, encodeProgramKey } from "./files/program-key.ts";
