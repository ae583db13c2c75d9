// The work itself: what a lease asks for, done with the prover, as bytes of a node.

import { elementFromHex } from "@foldmesh/client";
import type { Lease, ResumePoint } from "@foldmesh/protocol";
import { type Session, proveShard } from "@foldmesh/prover";
import type { JobInput, Program } from "@foldmesh/r1cs";
import type { Context } from "../context.ts";
import { pidOf } from "../pid.ts";
import { decodeShardInput, restOfInput } from "../shard-input.ts";
import type { JobTerms } from "./job-terms.ts";

/** The checkpoint that a lease begins with is not what it says: its maker or its giver is to blame. */
export class BadResume extends Error {
  override readonly name: string = "BadResume";
}

export interface Task {
  readonly lease: Lease;
  readonly terms: JobTerms;
  readonly program: Program;
  readonly session: Session;
  readonly signal: AbortSignal;
  /** absolute leaf up to which it is done */
  readonly onProgress: (done: number) => void;
  readonly onCheckpoint: (done: number, node: Uint8Array) => void;
}

/** Leaves of a shard that are merged at a time: told with the node, whose provenance depends on it. */
export const batchOf = ({ threads }: Context): number => Math.max(1, threads);

/** Makes the node that a lease asks for. */
export type Perform = (context: Context, task: Task) => Promise<Uint8Array>;

/** The largest input of a shard that is fetched. */
const MAX_INPUT_BYTES = 2 ** 28;

export const contextOf = ({ request }: JobTerms): bigint => elementFromHex(request.context);

/** @throws NetworkError NOT_FOUND (an input), ProtocolError, ProverError, R1CSError, BadResume */
export const perform: Perform = (context, task) => {
  switch (task.lease.kind) {
    case "prove":
      return prove(context, task);
    case "merge":
      return merge(context, task);
    case "compress":
      return compress(context, task);
    case "verify":
      throw new BadResume("a broker verifies by itself");
  }
};

async function merge({ network }: Context, task: Task): Promise<Uint8Array> {
  const { lease, terms, session, signal } = task;
  const options = { from: [terms.broker], maxBytes: session.nodeBytes, signal };
  const [left, right] = await Promise.all(
    lease.inputs.map((cid) => network.blobs.fetch(cid, options)),
  );
  if (left === undefined || right === undefined) throw new BadResume("a merge takes two nodes");
  return (await session.merge({ left, right }, { signal })).node.slice();
}

async function compress({ network }: Context, task: Task): Promise<Uint8Array> {
  const { lease, terms, session, signal } = task;
  const [cid] = lease.inputs;
  if (cid === undefined) throw new BadResume("the lease names no root");
  const options = { from: [terms.broker], maxBytes: session.nodeBytes, signal };
  const node = await network.blobs.fetch(cid, options);
  return (await session.compress({ node }, { signal })).proof;
}

async function prove(context: Context, task: Task): Promise<Uint8Array> {
  const { lease, terms, program, session, signal } = task;
  const { network } = context;
  const whole = await fetchInput(context, task);
  const resumed = lease.resume && (await fetchResume(context, task, lease.resume, whole));
  const start = lease.resume?.done.end ?? lease.range.start;
  return proveShard({
    session,
    program,
    range: { start, end: lease.range.end },
    input: resumed?.rest ?? whole,
    pid: pidOf(network.peer, terms.job),
    resume: resumed?.node,
    batch: batchOf(context),
    signal,
    onLeaf: (leaves) => task.onProgress(start + leaves),
    onCheckpoint: task.onCheckpoint,
  });
}

async function fetchInput({ network }: Context, { lease, terms, signal }: Task): Promise<JobInput> {
  const [cid] = lease.inputs;
  if (cid === undefined) throw new BadResume("the lease names no input");
  const options = { from: [terms.broker], maxBytes: MAX_INPUT_BYTES, signal };
  const blob = await network.blobs.fetch(cid, options);
  return decodeShardInput(
    blob,
    terms.job,
    (lease.range.end - lease.range.start) * terms.stepsPerLeaf,
  );
}

/** Somebody else's node, checked in full before anything is built on it. */
async function fetchResume(
  { network }: Context,
  { lease, terms, session, signal }: Task,
  { done, node: cid, bytes, holders }: ResumePoint,
  whole: JobInput,
): Promise<{ readonly node: Uint8Array; readonly rest: JobInput }> {
  const fits = done.start === lease.range.start && done.end < lease.range.end;
  if (!fits || bytes !== session.nodeBytes) throw new BadResume("it is of another range or size");
  const node = await network.blobs.fetch(cid, { from: holders, maxBytes: bytes, signal });
  const expected = { i: BigInt(done.start), j: BigInt(done.end), zIn: whole.z0 };
  const { failures, claim } = await session.verify({ node, expected }, { signal });
  if (failures.length > 0 || claim === null) throw new BadResume(failures.join(", "));
  const steps = (done.end - done.start) * terms.stepsPerLeaf;
  return { node, rest: restOfInput(whole, steps, claim.zOut) };
}
