import type { Stream } from "@libp2p/interface";
import { lpStream } from "@libp2p/utils";
import { asNetworkError, type NetworkError, type RequestRefused } from "./errors.ts";

/** A stream of length-prefixed frames. */
export interface Frames {
  /** The next frame. @throws NetworkError TOO_LARGE before a longer frame is buffered, CLOSED, TIMEOUT, ABORTED */
  readonly read: (signal: AbortSignal) => Promise<Uint8Array>;
  /** Resolves once the muxer has room again, which bounds what a slow reader makes us buffer. */
  readonly write: (frame: Uint8Array, signal: AbortSignal) => Promise<void>;
  /** Says that nothing more is written; the other direction stays open. */
  readonly close: (signal: AbortSignal) => Promise<void>;
  readonly abort: (reason: Error) => void;
  /** when both directions are closed, or the connection is gone */
  readonly onClose: (listener: () => void) => void;
}

const LENGTH_BYTES = 10;

/**
 * @param maxFrame bytes of the longest frame accepted
 * @param maxBuffered bytes that may wait to be read; one frame unless the protocol lets more be in flight
 */
export function framesOf(
  stream: Stream,
  maxFrame: number,
  maxBuffered: number = maxFrame + LENGTH_BYTES,
): Frames {
  const lp = lpStream(stream, { maxDataLength: maxFrame, maxBufferSize: maxBuffered });
  const wrap = async <T>(what: string, action: Promise<T>): Promise<T> => {
    try {
      return await action;
    } catch (thrown) {
      throw asNetworkError(thrown, what, "CLOSED");
    }
  };
  return {
    read: async (signal) => plain((await wrap("reading", lp.read({ signal }))).subarray()),
    write: (frame, signal) => wrap("writing", lp.write(frame, { signal })),
    close: (signal) => wrap("closing", stream.close({ signal })),
    abort: (reason) => stream.abort(reason),
    onClose: (listener) => stream.addEventListener("close", listener, { once: true }),
  };
}

/** The same bytes without the class Buffer, whose `slice` does not copy. */
const plain = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);

/** `signal` with a time limit in ms. */
export function within(time: number, signal?: AbortSignal): AbortSignal {
  const timeout = AbortSignal.timeout(Math.ceil(time));
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

/** What went wrong, given that the caller may have aborted: libp2p reports both as the same error. */
export function failure(
  thrown: unknown,
  what: string,
  signal: AbortSignal,
): NetworkError | RequestRefused {
  const reason: unknown = signal.aborted ? signal.reason : undefined;
  return asNetworkError(reason ?? thrown, what);
}
