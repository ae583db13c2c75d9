// Whose work a delivered node must be: a shard of the peer that holds its lease, a merge of the very nodes that were leased.

import type { Task, Verified } from "@foldmesh/jobs";
import type { CIDText, PeerId } from "@foldmesh/protocol";
import type { Lineage } from "@foldmesh/prover";
import { pidOf } from "../pid.ts";

/** The provenance of a node that the broker holds, or these do. */
export type ProvenanceOf = (node: CIDText, holders: readonly PeerId[]) => Promise<bigint>;

export interface Origin {
  readonly job: CIDText;
  readonly task: string;
  readonly epoch: number;
  readonly peer: PeerId;
  /** as its maker says: leaves merged at a time; undefined where nobody has said it */
  readonly batch: number | undefined;
}

/** Undefined where a task's node is no one peer's work (the broker's own look at the root), or how it was made is not known. */
export async function lineageOf(
  tasks: readonly Task[],
  { job, task: id, epoch, peer, batch }: Origin,
  provenanceOf: ProvenanceOf,
): Promise<Lineage | undefined> {
  const task = tasks.find((each) => each.id === id);
  const lease = task?.leases.find((each) => each.epoch === epoch);
  if (task === undefined || lease === undefined) return undefined;
  if (task.kind === "prove") {
    if (batch === undefined) return undefined;
    const pid = pidOf(peer, job);
    const before = lease.resume && (await provenanceOf(lease.resume.node, lease.resume.holders));
    return { kind: "shard", pid, range: lease.work, batch, before };
  }
  const inputs = task.inputs.flatMap((input) => verifiedOf(tasks, input) ?? []);
  return lineageAbove(
    await Promise.all(inputs.map(({ node, peer: maker }) => provenanceOf(node, [maker]))),
  );
}

/** Of what is made of these nodes: of two a merge, of one its compression. */
export function lineageAbove([left, right]: readonly bigint[]): Lineage | undefined {
  if (left === undefined) return undefined;
  return right === undefined ? { kind: "same", provenance: left } : { kind: "merge", left, right };
}

function verifiedOf(tasks: readonly Task[], id: string): Verified | undefined {
  const state = tasks.find((task) => task.id === id)?.state;
  return state?.kind === "Verified" ? state : undefined;
}
