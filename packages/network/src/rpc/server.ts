import { ProtocolError } from "@foldmesh/protocol";
import type { Connection, Stream } from "@libp2p/interface";
import type { Context } from "../context.ts";
import { assert, NetworkError, RequestRefused } from "../errors.ts";
import { createLimiter, type Limiter } from "../rate-limit.ts";
import { type Frames, framesOf, within } from "../streams.ts";
import { DEFAULT_TIMEOUT, type Handler, type Method, protocolOf } from "./method.ts";
import { encodeAnswer, encodeRefusal } from "./reply.ts";

/**
 * Answers `method` for every peer.
 * @returns a function that stops answering
 */
export async function serve(
  context: Context,
  method: Method,
  handler: Handler,
): Promise<() => Promise<void>> {
  const { node, limits } = context;
  const limiter = createLimiter(limits.requests, () => performance.now());
  const service: Service = { context, method, handler, limiter };
  const protocol = protocolOf(method);
  await node.handle(protocol, (stream, connection) => answer(service, stream, connection), {
    maxInboundStreams: limits.requestStreams,
    runOnLimitedConnection: true,
  });
  return () => node.unhandle(protocol);
}

interface Service {
  readonly context: Context;
  readonly method: Method;
  readonly handler: Handler;
  readonly limiter: Limiter;
}

async function answer(service: Service, stream: Stream, connection: Connection): Promise<void> {
  const { context, method } = service;
  const peer = connection.remotePeer.toString();
  const frames = framesOf(stream, method.requestLimit);
  try {
    const reply = await replyTo(service, frames, peer);
    const signal = within(context.limits.transferTime, context.stopping);
    await frames.write(reply, signal);
    await frames.close(signal);
  } catch (thrown) {
    frames.abort(thrown instanceof Error ? thrown : new Error("the request failed"));
    blame(service, peer, thrown);
  }
}

/** The reply bytes; refusals are replies too. @throws NetworkError when the request did not arrive */
async function replyTo(service: Service, frames: Frames, peer: string): Promise<Uint8Array> {
  const { context, method, limiter } = service;
  if (!limiter(peer)) {
    context.police(peer, "flood", `${method.name}: too many requests`);
    return encodeRefusal(new RequestRefused("RATE_LIMITED", "too many requests; wait a second"));
  }
  const request = await frames.read(within(context.limits.transferTime, context.stopping));
  return runHandler(service, frames, peer, request.slice());
}

async function runHandler(
  { context, method, handler }: Service,
  frames: Frames,
  peer: string,
  request: Uint8Array,
): Promise<Uint8Array> {
  const gone = new AbortController();
  frames.onClose(() => gone.abort(new NetworkError("CLOSED", "the caller has gone")));
  const time = method.timeout ?? DEFAULT_TIMEOUT;
  const signal = within(time, AbortSignal.any([gone.signal, context.stopping]));
  try {
    const reply = await handler(request, { peer, signal });
    assert(reply.length <= method.replyLimit, `${method.name}: reply over its own limit`);
    return encodeAnswer(reply);
  } catch (thrown) {
    signal.throwIfAborted(); // what a handler says when it is told to stop is nobody's mistake
    return encodeRefusal(refusalOf(context, method, peer, thrown));
  }
}

function refusalOf(
  { police, events }: Context,
  { name }: Method,
  peer: string,
  thrown: unknown,
): RequestRefused {
  if (thrown instanceof RequestRefused) return thrown;
  if (thrown instanceof ProtocolError) {
    police(peer, thrown.code === "BAD_SIGNATURE" ? "forged" : "malformed", thrown.message);
    return new RequestRefused("MALFORMED", thrown.message);
  }
  events.emit({ kind: "handler-failed", where: name, error: thrown });
  return new RequestRefused("INTERNAL", "this node failed on the request; try another one");
}

/** A request that never came, or came too long, counts against its sender; one that stopped does not. */
function blame({ context, method }: Service, peer: string, thrown: unknown): void {
  if (context.stopping.aborted || !(thrown instanceof NetworkError)) return;
  const detail = `${method.name}: ${thrown.message}`;
  if (thrown.code === "TOO_LARGE") context.police(peer, "oversized", detail);
  if (thrown.code === "MALFORMED") context.police(peer, "malformed", detail);
  if (thrown.code === "TIMEOUT") {
    context.police(peer, "stall", detail, context.limits.transferTime);
  }
}
