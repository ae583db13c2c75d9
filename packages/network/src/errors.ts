/** Why something on the network did not work. Stable; the message says what was expected and what came. */
export type NetworkErrorCode =
  | "BAD_CONFIG"
  | "BAD_ADDRESS" // not a multiaddr, or not a peer id
  | "UNREACHABLE" // no connection to the peer
  | "UNSUPPORTED" // the peer does not speak this method
  | "TIMEOUT"
  | "CLOSED" // the peer, or this node, closed the stream before the end
  | "TOO_LARGE"
  | "MALFORMED"
  | "NOT_FOUND"
  | "BAD_BLOB" // the bytes do not hash to the CID
  | "BAD_RECORD" // a record of the DHT that its validator refuses
  | "STALE_RECORD" // genuine, but a newer one is known or its time is over
  | "ABORTED"
  | "STOPPED";

/** Thrown on everything that peers, addresses and the wire can do to us. */
export class NetworkError extends Error {
  override name: string = "NetworkError";
  readonly code: NetworkErrorCode;
  constructor(code: NetworkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * A request that the other side understood and declined. Handlers throw it; callers catch the same class with the same code.
 * The network itself uses RATE_LIMITED, TOO_LARGE, MALFORMED, BUSY and INTERNAL.
 */
export class RequestRefused extends Error {
  override readonly name: string = "RequestRefused";
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Trips on our own mistakes (never on outside data). */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** Names under which the libp2p family throws what we tell apart; codes by error name. */
const CODES: Readonly<Record<string, NetworkErrorCode>> = {
  AbortError: "ABORTED",
  TimeoutError: "TIMEOUT",
  UnsupportedProtocolError: "UNSUPPORTED",
  InvalidDataLengthError: "TOO_LARGE",
  InvalidDataLengthLengthError: "TOO_LARGE",
  StreamBufferError: "TOO_LARGE",
  InvalidMessageLengthError: "MALFORMED",
  InvalidMultiaddrError: "BAD_ADDRESS",
  ValidationError: "BAD_ADDRESS",
  InvalidCIDError: "BAD_ADDRESS",
  InvalidMultihashError: "BAD_ADDRESS",
  UnexpectedEOFError: "CLOSED",
  StreamResetError: "CLOSED",
  StreamAbortedError: "CLOSED",
  StreamStateError: "CLOSED",
  StreamClosedError: "CLOSED",
  ConnectionClosedError: "CLOSED",
  NotStartedError: "STOPPED",
};

/**
 * Any rejection as a NetworkError; errors of ours pass through. Streams of libp2p reject with events as well as errors.
 * @param what what was being done, for the message ("dialing …")
 * @param fallback the code when the cause is nothing we know
 */
export function asNetworkError(
  thrown: unknown,
  what: string,
  fallback: NetworkErrorCode = "UNREACHABLE",
): NetworkError | RequestRefused {
  const cause = causeOf(thrown);
  if (cause instanceof NetworkError || cause instanceof RequestRefused) return cause;
  const code = CODES[cause.name] ?? fallback;
  return new NetworkError(code, `${what}: ${describeCause(cause)}`, { cause });
}

function causeOf(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const { error, type } = (thrown ?? {}) as { error?: unknown; type?: unknown };
  if (error instanceof Error) return error;
  const closed = new Error(type === undefined ? String(thrown) : "the stream closed");
  closed.name = "StreamClosedError";
  return closed;
}

/** One sentence: a failed dial is an AggregateError with one error for each address tried. */
function describeCause(cause: Error): string {
  if (!(cause instanceof AggregateError) || cause.errors.length === 0) return cause.message;
  return [...new Set(cause.errors.map((each) => causeOf(each).message))].slice(0, 3).join("; ");
}
