// Whether a delivered node is what its lease asked for.

import { type Network, NetworkError } from "@foldmesh/network";
import type { CIDText, PeerId, Range } from "@foldmesh/protocol";
import type { Lineage, ProofForm, Session } from "@foldmesh/prover";
import { messageOf } from "../errors.ts";
import { sizeFault } from "../evidence/wrong-node.ts";

export interface Delivered {
  readonly node: CIDText;
  /** as its maker says */
  readonly bytes: number;
  readonly holders: readonly PeerId[];
  readonly range: Range;
  /** a node of the tree, or the compressed root */
  readonly form: ProofForm;
  /** whose work it must be; anybody's where that is not known */
  readonly lineage: Lineage | undefined;
  /** It is here now. */
  readonly onFetched?: () => void;
}

export type Judgement =
  | { readonly kind: "valid"; readonly ms: number; readonly provenance: bigint }
  | { readonly kind: "invalid"; readonly failures: readonly string[] }
  /** nobody has it at the moment */
  | { readonly kind: "missing"; readonly reason: string };

export interface Court {
  readonly network: Network;
  readonly session: Session;
  /** the state before every leaf, and the last one */
  readonly stateBefore: (leaf: number) => Promise<readonly bigint[]>;
  readonly signal: AbortSignal;
}

/** Bytes a second of 2 Mbit/s: while a delivery comes nobody else works on its task, and a node has megabytes. */
const SLOWEST_DELIVERY = 2 ** 18;

/**
 * Fetches a node and verifies it in full against the states that the broker has computed itself. The size is known
 * exactly, so anything of another size is refused before it is fetched. (Cheaper for many nodes: fold them first and
 * open the folded commitment once, bisecting when that fails.)
 */
export async function judge(
  { network, session, stateBefore, signal }: Court,
  { node: cid, bytes, holders, range, form, lineage, onFetched }: Delivered,
): Promise<Judgement> {
  const fault = sizeFault(form, bytes, session);
  if (fault !== undefined) return invalid(fault);
  const options = { from: holders, maxBytes: bytes, slowest: SLOWEST_DELIVERY, signal };
  let node: Uint8Array;
  try {
    await network.blobs.download(cid, options); // kept: whoever merges it gets it from here
    onFetched?.();
    node = await network.blobs.fetch(cid, options);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    if (error.code === "BAD_BLOB") return invalid(messageOf(error));
    return { kind: "missing", reason: messageOf(error) };
  }
  const expected = {
    i: BigInt(range.start),
    j: BigInt(range.end),
    zIn: await stateBefore(range.start),
    zOut: await stateBefore(range.end),
    lineage,
  };
  const { failures, claim, ms } =
    form === "node"
      ? await session.verify({ node, expected }, { signal })
      : await session.check({ proof: node, expected }, { signal });
  if (failures.length > 0 || claim === null) return invalid(...failures);
  return { kind: "valid", ms: Math.round(ms), provenance: claim.provenance };
}

const invalid = (...failures: readonly string[]): Judgement => ({ kind: "invalid", failures });
