import type { CIDText, PeerId } from "@foldmesh/protocol";
import type { Context } from "../context.ts";
import { NetworkError } from "../errors.ts";
import { libPeer } from "../peer.ts";
import { failure, type Frames, framesOf, within } from "../streams.ts";
import {
  ACK_EVERY,
  BLOB_PROTOCOL,
  CHUNK_BYTES,
  decodeAnswer,
  encodeAck,
  encodeRequest,
  WINDOW,
} from "./wire.ts";

/** One transfer from one peer: the size it claims, and the bytes from the offset that was asked for. */
export interface BlobSession {
  readonly size: number;
  /** Acknowledges chunks when the next one is asked for, so an idle reader holds the sender back. */
  readonly chunks: AsyncGenerator<Uint8Array>;
}

export interface SessionRequest {
  readonly cid: CIDText;
  /** bytes that we have already */
  readonly offset: number;
  /** the size that others have claimed: one of them lies when this peer claims another */
  readonly size: number | undefined;
  readonly maxBytes: number;
  readonly slowest: number | undefined;
}

/** A holder slower than this, in bytes a second, is given up, unless more is asked of it. */
const SLOWEST = 32 * 1024;
const IN_FLIGHT = (WINDOW + 1) * (CHUNK_BYTES + 4);

/**
 * Asks `peer` for a blob from `offset` on. Nothing it sends is checked against the CID here, but it never gets to send more than
 * the size it claimed. The signal ends the transfer too.
 * @throws NetworkError NOT_FOUND, UNREACHABLE, UNSUPPORTED, TIMEOUT, CLOSED, MALFORMED, TOO_LARGE, ABORTED
 */
export async function openSession(
  context: Context,
  peer: PeerId,
  request: SessionRequest,
  signal: AbortSignal,
): Promise<BlobSession> {
  const { node, limits } = context;
  const what = `blob ${request.cid} at ${peer}`;
  const opening = within(limits.dialTime, signal);
  const stream = await node
    .dialProtocol(libPeer(peer), BLOB_PROTOCOL, { signal: opening })
    .catch((thrown: unknown) => {
      throw failure(thrown, what, opening);
    });
  const frames = framesOf(stream, CHUNK_BYTES, IN_FLIGHT);
  try {
    await frames.write(encodeRequest({ cid: request.cid, offset: request.offset }), opening);
    const size = await readSize(frames, request, what, opening);
    const left = size - request.offset;
    const { slowest = SLOWEST } = request;
    const rest = within(limits.blobStall + (left / slowest) * 1000, signal);
    return { size, chunks: receive(frames, left, limits.blobStall, what, rest) };
  } catch (thrown) {
    frames.abort(thrown as Error);
    throw failure(thrown, what, opening);
  }
}

async function readSize(
  frames: Frames,
  { offset, maxBytes, size }: SessionRequest,
  what: string,
  signal: AbortSignal,
): Promise<number> {
  const answer = decodeAnswer(await frames.read(signal));
  if (answer.kind !== "found") {
    throw new NetworkError("NOT_FOUND", `${what}: the peer says it is ${answer.kind}`);
  }
  if (answer.size > maxBytes) {
    throw new NetworkError("TOO_LARGE", `${what}: at most ${maxBytes} bytes, got ${answer.size}`);
  }
  if (answer.size !== (size ?? answer.size) || answer.size < offset) {
    throw new NetworkError("NOT_FOUND", `${what}: others claim ${size} bytes, it ${answer.size}`);
  }
  return answer.size;
}

async function* receive(
  frames: Frames,
  bytes: number,
  stall: number,
  what: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let left = bytes;
  let taken = 0;
  try {
    while (left > 0) {
      const chunk = await frames.read(within(stall, signal));
      if (chunk.length === 0 || chunk.length > left) {
        throw new NetworkError("MALFORMED", `${what}: a chunk of ${chunk.length}, ${left} left`);
      }
      left -= chunk.length;
      yield chunk;
      taken += 1;
      const isDue = left > 0 && taken % ACK_EVERY === 0;
      if (isDue) await frames.write(encodeAck(taken), within(stall, signal));
    }
  } catch (thrown) {
    throw failure(thrown, what, signal);
  } finally {
    if (left > 0) frames.abort(new Error("the transfer was given up"));
    else void sayThanks(frames, taken, within(stall, signal));
  }
}

/** The last acknowledgement, with which the holder is done; we have all we need, so its failure changes nothing. */
async function sayThanks(frames: Frames, taken: number, signal: AbortSignal): Promise<void> {
  try {
    if (taken > 0) await frames.write(encodeAck(taken), signal);
    await frames.close(signal);
  } catch (thrown) {
    frames.abort(thrown as Error);
  }
}
