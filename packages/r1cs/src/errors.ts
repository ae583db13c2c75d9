export type R1CSErrorCode =
  | "MALFORMED" // not a constraint system
  | "UNSUPPORTED"; // a valid file that Foldmesh cannot prove

/** A circuit, witness program or input that cannot be used. */
export class R1CSError extends Error {
  override readonly name: string = "R1CSError";
  readonly code: R1CSErrorCode;
  constructor(code: R1CSErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
