import type { CIDText, PeerId } from "@foldmesh/protocol";
import type { Connection, Stream } from "@libp2p/interface";
import { pipe } from "it-pipe";
import type { Context } from "../context.ts";
import { NetworkError } from "../errors.ts";
import { createLimiter, type Limiter } from "../rate-limit.ts";
import { type Frames, framesOf, within } from "../streams.ts";
import type { BlobSource, Chunks } from "./source.ts";
import {
  ACK_BYTES,
  BLOB_PROTOCOL,
  type BlobAnswer,
  decodeAck,
  decodeRequest,
  encodeAnswer,
  MAX_HEADER,
  rechunk,
  WINDOW,
} from "./wire.ts";

export interface BlobServerInit {
  readonly source: BlobSource;
  /** `undefined`: whoever asks */
  readonly mayFetch: (peer: PeerId | undefined, cid: CIDText) => boolean;
}

/** The slowest pace that may hold a transfer open, bytes a second: a modem's. */
const SLOWEST = 32 * 1024;

/** Serves the blobs of `source` to every peer. */
export async function serveBlobs(context: Context, init: BlobServerInit): Promise<void> {
  const limiter = createLimiter(context.limits.blobRequests, () => performance.now());
  const taken = { all: 0, public: 0 };
  const onStream = (stream: Stream, connection: Connection): Promise<void> =>
    serveOne({ ...init, context, limiter, taken, peer: connection.remotePeer.toString() }, stream);
  await context.node.handle(BLOB_PROTOCOL, onStream, {
    maxInboundStreams: context.limits.blobStreams,
  });
}

interface Server extends BlobServerInit {
  readonly context: Context;
  readonly limiter: Limiter;
  readonly taken: Taken;
  readonly peer: PeerId;
}

/** Transfers under way. */
interface Taken {
  all: number;
  /** of blobs that everybody may fetch */
  public: number;
}

async function serveOne(server: Server, stream: Stream): Promise<void> {
  const { context } = server;
  const header = framesOf(stream, MAX_HEADER, 2 * MAX_HEADER + WINDOW * (ACK_BYTES + 1));
  try {
    await answerRequest(server, header);
    await header.close(within(context.limits.transferTime, context.stopping));
  } catch (thrown) {
    header.abort(thrown instanceof Error ? thrown : new Error("the transfer failed"));
    blame(server, thrown);
  }
}

async function answerRequest(server: Server, frames: Frames): Promise<void> {
  const { context, source, limiter, peer } = server;
  const signal = within(context.limits.transferTime, context.stopping);
  const { cid, offset } = decodeRequest(await frames.read(signal));
  const say = (answer: BlobAnswer): Promise<void> => frames.write(encodeAnswer(answer), signal);
  if (!limiter(peer)) context.police(peer, "flood", "too many blob requests");
  using place = takePlace(server, cid);
  if (place === undefined || !limiter(peer, 0)) return say({ kind: "busy" });
  const size = server.mayFetch(peer, cid) ? await source.size(cid) : undefined;
  if (size === undefined || offset > size) return say({ kind: "missing" });
  await say({ kind: "found", size });
  const rest = within(10_000 + ((size - offset) / SLOWEST) * 1000, context.stopping);
  await pipe(source.get(cid, offset), rechunk, (chunks) =>
    sendChunks(frames, chunks, context.limits.blobStall, rest),
  );
}

/** Half of the places are for those whom a blob is meant for: strangers may read what is public as slowly as they like. */
function takePlace({ context, taken, mayFetch }: Server, cid: CIDText): Disposable | undefined {
  const most = context.limits.blobTransfers;
  const step = mayFetch(undefined, cid) ? 1 : 0;
  if (taken.all >= most || taken.public + step > most / 2) return undefined;
  taken.all += 1;
  taken.public += step;
  return {
    [Symbol.dispose]() {
      taken.all -= 1;
      taken.public -= step;
    },
  };
}

/** Sends with at most WINDOW chunks unacknowledged, and ends when all are taken. */
async function sendChunks(
  frames: Frames,
  chunks: Chunks,
  stall: number,
  signal: AbortSignal,
): Promise<void> {
  let sent = 0;
  let taken = 0;
  const awaitAck = async (): Promise<void> => {
    taken = decodeAck(await frames.read(within(stall, signal)), taken, sent);
  };
  for await (const chunk of chunks) {
    while (sent - taken >= WINDOW) await awaitAck();
    await frames.write(chunk, within(stall, signal));
    sent += 1;
  }
  while (taken < sent) await awaitAck();
}

/** Readers may stop whenever they like; what they may not do is hold a transfer open or send rubbish. */
function blame({ context, peer }: Server, thrown: unknown): void {
  if (context.stopping.aborted) return;
  if (!(thrown instanceof NetworkError)) {
    context.events.emit({ kind: "handler-failed", where: "blob source", error: thrown });
    return;
  }
  const detail = `blob transfer: ${thrown.message}`;
  if (thrown.code === "TIMEOUT") {
    context.police(peer, "stall", detail, context.limits.blobStall);
  }
  if (thrown.code === "MALFORMED") context.police(peer, "malformed", detail);
  if (thrown.code === "TOO_LARGE") context.police(peer, "oversized", detail);
}
