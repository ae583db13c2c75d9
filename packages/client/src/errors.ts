export type ClientErrorCode =
  | "NO_BROKER" // nobody reachable takes jobs
  | "REFUSED" // the broker declined; its own code is in `reason`
  | "FAILED" // the job ended without a proof; why is in `reason`
  | "UNREACHABLE" // the broker did not answer within the client's patience
  | "BAD_ANSWER" // the broker answered with something that cannot be true
  | "BAD_BUNDLE" // bytes that are no program
  | "ABORTED"
  | "CLOSED";

/** Why a job could not be had. The message says what was expected, what came and what to do. */
export class ClientError extends Error {
  override readonly name: string = "ClientError";
  readonly code: ClientErrorCode;
  /** The other side's own code, where it gave one: "PRICE", "BLOB", "NO_BIDDERS", … */
  readonly reason: string | undefined;
  constructor(
    code: ClientErrorCode,
    message: string,
    { reason, ...options }: ErrorOptions & { readonly reason?: string | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.reason = reason;
  }
}
