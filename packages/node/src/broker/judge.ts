// Whether a delivered node is what its lease asked for.

import { type Network, NetworkError } from "@foldmesh/network";
import type { CIDText, PeerId, Range } from "@foldmesh/protocol";
import type { Session } from "@foldmesh/prover";
import { messageOf } from "../errors.ts";

export interface Delivered {
  readonly node: CIDText;
  /** as its maker says */
  readonly bytes: number;
  readonly holders: readonly PeerId[];
  readonly range: Range;
}

export type Judgement =
  | { readonly kind: "valid"; readonly ms: number }
  | { readonly kind: "invalid"; readonly failures: readonly string[] }
  /** nobody has it at the moment */
  | { readonly kind: "missing"; readonly reason: string };

export interface Court {
  readonly network: Network;
  readonly session: Session;
  /** the state before every leaf, and the last one */
  readonly states: readonly (readonly bigint[])[];
  readonly signal: AbortSignal;
}

/**
 * Fetches a node and verifies it in full against the states that the broker has computed itself. The size is known
 * exactly, so anything of another size is refused before it is fetched. (Cheaper for many nodes: fold them first and
 * open the folded commitment once, bisecting when that fails.)
 */
export async function judge(
  { network, session, states, signal }: Court,
  { node: cid, bytes, holders, range }: Delivered,
): Promise<Judgement> {
  if (bytes !== session.nodeBytes) {
    return invalid(`a node of this program has ${session.nodeBytes} bytes, this one ${bytes}`);
  }
  const options = { from: holders, maxBytes: session.nodeBytes, signal };
  let node: Uint8Array;
  try {
    await network.blobs.download(cid, options); // kept: whoever merges it gets it from here
    node = await network.blobs.fetch(cid, options);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    if (error.code === "BAD_BLOB") return invalid(messageOf(error));
    return { kind: "missing", reason: messageOf(error) };
  }
  const expected = {
    i: BigInt(range.start),
    j: BigInt(range.end),
    zIn: states[range.start],
    zOut: states[range.end],
  };
  const { failures, ms } = await session.verify({ node, expected }, { signal });
  return failures.length === 0 ? { kind: "valid", ms: Math.round(ms) } : invalid(...failures);
}

const invalid = (...failures: readonly string[]): Judgement => ({ kind: "invalid", failures });
