import type { CIDText, PeerId } from "@foldmesh/protocol";
import { equals } from "uint8arrays/equals";
import { platform } from "#platform";
import type { Context } from "../context.ts";
import { NetworkError } from "../errors.ts";
import { parseCID } from "./cid.ts";
import { openSession } from "./session.ts";
import type { Chunks } from "./source.ts";

export interface TransferOptions {
  readonly cid: CIDText;
  readonly maxBytes: number;
  readonly slowest: number | undefined;
  readonly signal: AbortSignal;
}

/** The bytes came, and are not those of the CID. */
export class BadBlobError extends NetworkError {
  /** whoever sent some of them: one name is proof, several are suspects */
  readonly senders: readonly PeerId[];
  constructor(cid: CIDText, senders: readonly PeerId[]) {
    super("BAD_BLOB", `blob ${cid}: the bytes from ${senders.join(", ")} have another hash`);
    this.senders = senders;
  }
}

/** Some of the bytes came, or none; the cause is what the last provider said. */
export class IncompleteError extends NetworkError {
  /** whoever sent the bytes that came: with others that disagree about the size, one of them lied */
  readonly senders: readonly PeerId[];
  constructor(message: string, senders: readonly PeerId[], options?: ErrorOptions) {
    super("NOT_FOUND", message, options);
    this.senders = senders;
  }
}

/** What has been received of one blob so far; it goes on with the next provider where the last one broke off. */
interface Progress {
  readonly hash: ReturnType<typeof platform.createSHA256>;
  readonly senders: Set<PeerId>;
  received: number;
  size: number | undefined;
  lastError: unknown;
}

/**
 * Streams a blob from the first providers that deliver it. The chunks are checked only at the end: the iteration throws then.
 * @throws BadBlobError; IncompleteError when no provider has the rest; NetworkError BAD_ADDRESS, ABORTED
 */
export async function* transfer(
  context: Context,
  providers: AsyncIterable<PeerId>,
  options: TransferOptions,
): AsyncGenerator<Uint8Array> {
  const digest = parseCID(options.cid).multihash.digest;
  const progress: Progress = {
    hash: platform.createSHA256(),
    senders: new Set(),
    received: 0,
    size: undefined,
    lastError: undefined,
  };
  for await (const peer of providers) {
    yield* receiveFrom(context, peer, progress, options);
    if (progress.received === progress.size) break;
  }
  if (progress.received !== progress.size) throw incomplete(options.cid, progress);
  if (!equals(progress.hash.digest(), digest)) {
    throw new BadBlobError(options.cid, [...progress.senders]);
  }
}

/** Takes what one provider gives; when it fails, the reason is kept and the next one goes on. */
async function* receiveFrom(
  context: Context,
  peer: PeerId,
  progress: Progress,
  options: TransferOptions,
): Chunks & AsyncGenerator<Uint8Array> {
  const { signal, ...asked } = options;
  try {
    const request = { ...asked, offset: progress.received, size: progress.size };
    const { size, chunks } = await openSession(context, peer, request, signal);
    for await (const chunk of chunks) {
      progress.size = size;
      progress.senders.add(peer);
      progress.hash.update(chunk);
      progress.received += chunk.length;
      yield chunk;
    }
    progress.size = size; // an empty blob has no chunk
  } catch (thrown) {
    signal.throwIfAborted();
    progress.lastError = thrown;
    if (thrown instanceof NetworkError && thrown.code === "MALFORMED") {
      context.police(peer, "malformed", thrown.message);
    }
  }
}

function incomplete(
  cid: CIDText,
  { received, size, lastError, senders }: Progress,
): IncompleteError {
  const got = size === undefined ? "no peer has it" : `only ${received} of ${size} bytes came`;
  const last = lastError instanceof Error ? ` (last: ${lastError.message})` : "";
  return new IncompleteError(`blob ${cid}: ${got}${last}`, [...senders], { cause: lastError });
}
