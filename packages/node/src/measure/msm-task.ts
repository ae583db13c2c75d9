/** Points in one multi-scalar multiplication of a challenge. */
export const CHALLENGE_POINTS = 4096;
/** Rounds in one challenge at most. */
export const MAX_ROUNDS = 64;

/** A chain of `rounds` multi-scalar multiplications over the first generators of the protocol. */
export interface MSMTask {
  /** 32 bytes, or more */
  readonly seed: Uint8Array;
  readonly rounds: number;
}

export interface MSMReply {
  /** the last sum, x ‖ y */
  readonly point: Uint8Array;
  readonly ms: number;
}
