export type FoldingErrorCode =
  | "STEP" // the step circuit cannot be made into a system
  | "KEY" // a commitment key that is not the one this program is bound to
  | "ASSIGNMENT" // the assignment does not satisfy the step circuit
  | "MERGE_REJECTED" // two children do not make a satisfying merge
  | "DECODE" // bytes that are no canonical encoding
  | "HEADER" // a file whose header claims what cannot be
  | "UNMASKED" // a tree without masked leaf: compressing it would disclose witnesses
  | "DEGENERATE"; // a commitment was the identity (probability 2^-254 for honest randomness)

/** Why a node could not be made or read. */
export class FoldingError extends Error {
  override readonly name: string = "FoldingError";
  readonly code: FoldingErrorCode;
  constructor(code: FoldingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The children do not make a satisfying merge witness; `violated` names the failed checks. */
export class MergeRejected extends FoldingError {
  override readonly name: string = "MergeRejected";
  readonly violated: readonly string[];
  constructor(violated: readonly string[]) {
    super("MERGE_REJECTED", `the children cannot be merged: ${violated.join(", ")} failed`);
    this.violated = violated;
  }
}
