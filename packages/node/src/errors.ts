export type NodeErrorCode =
  | "DATA_DIR" // the data directory cannot be used
  | "KEY" // the key file is no key
  | "IN_USE" // another process works on the data directory
  | "STORE" // what the node keeps cannot be opened
  | "TERMS" // a broker's terms do not fit the job they claim to be of
  | "STOPPED";

/** Why a node could not start or work. */
export class NodeError extends Error {
  override readonly name: string = "NodeError";
  readonly code: NodeErrorCode;
  constructor(code: NodeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
