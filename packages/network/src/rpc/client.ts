import type { PeerId } from "@foldmesh/protocol";
import { assert, NetworkError } from "../errors.ts";
import type { Context } from "../context.ts";
import { libPeer } from "../peer.ts";
import { failure, type Frames, framesOf, within } from "../streams.ts";
import { DEFAULT_TIMEOUT, type Method, protocolOf } from "./method.ts";
import { decodeReply, REPLY_OVERHEAD } from "./reply.ts";

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/**
 * One request to one peer on a stream of its own.
 * @throws RequestRefused what the other side answered; NetworkError UNREACHABLE, UNSUPPORTED, TIMEOUT, CLOSED, TOO_LARGE, ABORTED
 */
export async function call(
  context: Context,
  peer: PeerId,
  method: Method,
  request: Uint8Array,
  options: CallOptions = {},
): Promise<Uint8Array> {
  assert(request.length <= method.requestLimit, `${method.name}: request over its own limit`);
  const signals = [context.stopping, ...(options.signal ? [options.signal] : [])];
  const signal = within(method.timeout ?? DEFAULT_TIMEOUT, AbortSignal.any(signals));
  try {
    return await exchange(context, peer, method, request, signal);
  } catch (thrown) {
    throw failure(thrown, `${method.name} at ${peer}`, signal);
  }
}

async function exchange(
  { node }: Context,
  peer: PeerId,
  method: Method,
  request: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const stream = await node.dialProtocol(libPeer(peer), protocolOf(method), {
    signal,
    runOnLimitedConnection: true,
  });
  const frames = framesOf(stream, method.replyLimit + REPLY_OVERHEAD);
  try {
    await frames.write(request, signal);
    const reply = await frames.read(signal);
    checkReplySize(reply, method);
    const answer = decodeReply(reply);
    closeQuietly(frames, signal);
    return answer;
  } catch (thrown) {
    frames.abort(thrown instanceof Error ? thrown : new Error("the request failed"));
    throw thrown;
  }
}

/** Refusals may use the overhead, answers may not. */
function checkReplySize(reply: Uint8Array, { name, replyLimit }: Method): void {
  if (reply[0] !== 0 || reply.length - 1 <= replyLimit) return;
  throw new NetworkError(
    "TOO_LARGE",
    `${name}: at most ${replyLimit} bytes of answer, got ${reply.length - 1}`,
  );
}

/** The answer is here: nobody waits for the end of the stream, and its failure changes nothing. */
function closeQuietly(frames: Frames, signal: AbortSignal): void {
  frames.close(signal).catch((reason: Error) => frames.abort(reason));
}
