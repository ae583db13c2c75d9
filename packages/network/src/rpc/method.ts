import type { PeerId } from "@foldmesh/protocol";

/** One kind of request, described once for both sides. */
export interface Method {
  /** lower-case words: "advert", "job/submit" */
  readonly name: string;
  /** bytes */
  readonly requestLimit: number;
  readonly replyLimit: number;
  /** ms from dialing to the whole reply; default 10 000 */
  readonly timeout?: number;
}

export interface Caller {
  readonly peer: PeerId;
  /** aborted when the caller has gone, the time is over, or this node stops */
  readonly signal: AbortSignal;
}

/**
 * Answers one request with reply bytes.
 * @throws RequestRefused to say no with a code; ProtocolError counts as a malformed request and against the caller
 */
export type Handler = (request: Uint8Array, caller: Caller) => Uint8Array | Promise<Uint8Array>;

export const DEFAULT_TIMEOUT = 10_000;

export const protocolOf = ({ name }: Method): string => `/foldmesh/rpc/1.0.0/${name}`;
