/** What was wrong with a message. The code is stable; peers are scored down by it. */
export type ProtocolErrorCode =
  | "TOO_LARGE" // over the size limit of its kind; nothing was decoded
  | "MALFORMED" // not DAG-CBOR, cut short, trailing bytes, or not an envelope
  | "NOT_CANONICAL" // another encoding of the same values exists and is the right one
  | "VERSION" // a protocol version this node does not speak
  | "UNKNOWN_KIND"
  | "WRONG_KIND" // a good kind, but not one expected in this place
  | "UNKNOWN_FIELD"
  | "MISSING_FIELD"
  | "WRONG_TYPE"
  | "OUT_OF_RANGE"
  | "BAD_SIGNATURE"
  | "BAD_EVIDENCE"; // the messages are genuine but do not prove the charge

/** Thrown on bad messages: data from a peer or a file, never our own mistakes. */
export class ProtocolError extends Error {
  override readonly name: string = "ProtocolError";
  readonly code: ProtocolErrorCode;
  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
