/** What was wrong with a value that came from outside (a peer, a file, a user). */
export type AlgebraErrorCode =
  | "NON_CANONICAL" // a field element outside [0, modulus)
  | "NOT_ON_CURVE"
  | "BAD_LENGTH"
  | "NO_INVERSE"
  | "CORRUPT_CACHE"
  | "SRS_FORMAT" // bytes that are no powers-of-tau file
  | "SRS_TOO_SMALL" // fewer powers than the program needs
  | "SRS_INVALID" // points that are no powers of one tau
  | "OUT_OF_MEMORY"
  | "ABORTED";

/** Thrown on bad input; `code` is stable, the message says what was expected and what came. */
export class AlgebraError extends Error {
  override readonly name: string = "AlgebraError";
  readonly code: AlgebraErrorCode;
  constructor(code: AlgebraErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Trips on our own mistakes (never on outside data). */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
