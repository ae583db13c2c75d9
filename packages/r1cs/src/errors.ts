export type R1CSErrorCode =
  | "MALFORMED" // bytes or text that are not what they claim to be
  | "UNSUPPORTED" // a valid file that Foldmesh cannot prove
  | "TOO_LARGE" // beyond a stated limit
  | "CONVENTION" // not a step circuit: signal step_in[a], step_out[a]
  | "CORRUPT" // a program directory whose files do not match its manifest
  | "NOT_FOUND" // a file that is not there or cannot be read
  | "NOT_WRITABLE" // a directory that cannot be made or written
  | "COMPILE" // circom refused the source
  | "INPUT" // values that do not fit the program
  | "WITNESS" // the witness program refused the inputs, or its result is not a witness
  | "TIMEOUT"
  | "MEMORY"
  | "ABORTED";

/** Where an error happened, where there is such a place. */
export interface R1CSErrorPlace {
  /** Index of the step whose witness failed. */
  readonly step?: number | undefined;
}

/** A circuit, witness program or input that cannot be used. The message says what was expected, what came, what to do. */
export class R1CSError extends Error {
  override readonly name: string = "R1CSError";
  readonly code: R1CSErrorCode;
  readonly step: number | undefined;
  constructor(code: R1CSErrorCode, message: string, options?: ErrorOptions & R1CSErrorPlace) {
    super(message, options);
    this.code = code;
    this.step = options?.step;
  }
}
