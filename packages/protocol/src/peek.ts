import { ProtocolError } from "./errors.ts";

/**
 * Reads the kind of a signed message from its first bytes without decoding it: in canonical order the envelope is
 * `a2 67 "payload" <bytes>` and the payload `a4 64 "kind" <text>`, so the kind stands near the front of every good message.
 * @throws ProtocolError MALFORMED when the front is not that of an envelope
 */
export function peekKind(message: Uint8Array): string {
  const payload = skipByteString(message, skip(message, 0, ENVELOPE_FRONT));
  const at = skip(message, payload, PAYLOAD_FRONT);
  const length = (message[at] ?? 0) - TEXT;
  if (length < 1 || length > LONGEST_KIND) throw notAnEnvelope("the kind is not a short text");
  const word = message.subarray(at + 1, at + 1 + length);
  if (word.length < length) throw notAnEnvelope("cut short");
  return String.fromCharCode(...word);
}

const TEXT = 0x60;
/** lengths up to 23 stand in the head byte itself */
const LONGEST_KIND = 23;
const ENVELOPE_FRONT = front(0xa2, "payload");
const PAYLOAD_FRONT = front(0xa4, "kind");

function front(map: number, key: string): Uint8Array {
  return Uint8Array.of(map, TEXT + key.length, ...new TextEncoder().encode(key));
}

function skip(message: Uint8Array, offset: number, expected: Uint8Array): number {
  for (const [i, byte] of expected.entries()) {
    if (message[offset + i] !== byte) throw notAnEnvelope(`wrong byte at ${offset + i}`);
  }
  return offset + expected.length;
}

/** Past the head of a byte string (0x40 + length, or 0x58/59/5a and 1/2/4 bytes of length). */
function skipByteString(message: Uint8Array, offset: number): number {
  const head = message[offset] ?? 0;
  if (head >= 0x40 && head < 0x58) return offset + 1;
  if (head >= 0x58 && head <= 0x5a) return offset + 1 + 2 ** (head - 0x58);
  throw notAnEnvelope("the payload is not a byte string");
}

function notAnEnvelope(reason: string): ProtocolError {
  return new ProtocolError("MALFORMED", `not a signed message: ${reason}`);
}
