export type ProverErrorCode =
  | "PROOF" // not a proof file, or one that this build cannot read
  | "HEADER" // a proof file whose header claims what no proof can
  | "PLAN" // the computation cannot be cut as asked
  | "INPUT" // z0 does not fit the program
  | "KEY" // powers of tau that cannot be used
  | "CACHE" // the cache directory cannot be used
  | "PROVING" // a leaf or a merge was refused: a false witness, or a fault of this machine
  | "ABORTED";

/** Why a proof could not be made or read. */
export class ProverError extends Error {
  override readonly name: string = "ProverError";
  readonly code: ProverErrorCode;
  constructor(code: ProverErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
