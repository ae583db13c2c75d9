import { crc32 } from "node:zlib";

/*
 * frame = payload ‖ CRC-32 of (room, NUL, key, NUL, payload), big endian
 *
 * LevelDB checks its tables only when it compacts them, so what is read is checked here; the key is covered because a repaired table may
 * hand out a value under another one.
 */
const CHECK_BYTES = 4;

export function frame(room: string, key: string, payload: Uint8Array): Uint8Array {
  const framed = new Uint8Array(payload.length + CHECK_BYTES);
  framed.set(payload);
  viewOf(framed).setUint32(payload.length, checkOf(room, key, payload));
  return framed;
}

/** The payload, or undefined when the frame is damaged. */
export function unframe(room: string, key: string, framed: Uint8Array): Uint8Array | undefined {
  const length = framed.length - CHECK_BYTES;
  if (length < 0) return undefined;
  const payload = new Uint8Array(framed.buffer, framed.byteOffset, length); // no Buffer, whose slices share memory
  return viewOf(framed).getUint32(length) === checkOf(room, key, payload) ? payload : undefined;
}

const checkOf = (room: string, key: string, payload: Uint8Array): number =>
  crc32(payload, crc32(`${room}\0${key}\0`));

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
