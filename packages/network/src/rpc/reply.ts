import type { Codec } from "@foldmesh/protocol";
import { decodeCanonical, encodeCanonical, ProtocolError, struct, text } from "@foldmesh/protocol";
import { concat } from "uint8arrays/concat";
import { NetworkError, RequestRefused } from "../errors.ts";

/**
 * A reply is one byte (0 done, 1 refused) and the handler's bytes or a canonical DAG-CBOR refusal.
 */
const DONE = 0;
const REFUSED = 1;

interface Refusal {
  readonly code: string;
  readonly message: string;
}

const MAX_MESSAGE = 500;
const refusal: Codec<Refusal> = struct<Refusal>({
  code: text(64, /^[A-Z][A-Z0-9_]*$/),
  message: text(MAX_MESSAGE),
});

/** Room that any reply needs beyond the method's limit: a refusal may be longer than the longest answer. */
export const REPLY_OVERHEAD = 2048;

export const encodeAnswer = (bytes: Uint8Array): Uint8Array =>
  concat([Uint8Array.of(DONE), bytes], bytes.length + 1);

export function encodeRefusal({ code, message }: RequestRefused): Uint8Array {
  const short = message.slice(0, MAX_MESSAGE).toWellFormed();
  return concat([Uint8Array.of(REFUSED), encodeCanonical(refusal, { code, message: short })]);
}

/** @throws RequestRefused the other side's refusal; NetworkError MALFORMED */
export function decodeReply(frame: Uint8Array): Uint8Array {
  const body = frame.slice(1); // a copy: the frame may be a window on a much larger buffer
  if (frame[0] === DONE) return body;
  if (frame[0] === REFUSED) throw decodeRefusal(body);
  throw new NetworkError("MALFORMED", `expected a reply of kind 0 or 1, got ${frame[0]}`);
}

function decodeRefusal(body: Uint8Array): RequestRefused | NetworkError {
  try {
    const { code, message } = decodeCanonical(refusal, body, "refusal");
    return new RequestRefused(code, message);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    return new NetworkError("MALFORMED", cause.message, { cause });
  }
}
