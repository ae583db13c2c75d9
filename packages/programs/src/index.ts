export { PROGRAM_NAMES, type ProgramName, circuitFile, programDir } from "./program-dir.ts";
export { SHA256_Z0, sha256Blocks, sha256Digest, sha256Input, sha256State } from "./sha256.ts";
export { MINROOT_ROUNDS, minroot } from "./minroot.ts";
export { type Account, AccountTree, EMPTY_ACCOUNT, TREE_DEPTH } from "./account-tree.ts";
export {
  type SignedTransfer,
  TRANSFERS_PER_STEP,
  type Transfer,
  type TransfersJob,
  accountKey,
  signTransfer,
  transfersJob,
} from "./transfers.ts";
