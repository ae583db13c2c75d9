import { jobName } from "@foldmesh/client";
import {
  type CIDText,
  type Lease,
  type PeerId,
  type ProofRequest,
  decodeCanonical,
  encodeCanonical,
} from "@foldmesh/protocol";
import type { Session } from "@foldmesh/prover";
import { type Signed, candidatesOf, isOrderOf, openSigned } from "../candidates.ts";
import type { Context } from "../context.ts";
import { NodeError } from "../errors.ts";
import { TERMS, terms } from "../methods.ts";
import { rowsOf } from "./admission.ts";

/** A job as a worker knows it. */
export interface JobTerms {
  readonly job: CIDText;
  readonly broker: PeerId;
  /** who may lead the job, by its order */
  readonly candidates: readonly PeerId[];
  readonly requester: PeerId;
  readonly request: ProofRequest;
  readonly stepsPerLeaf: number;
}

/**
 * Asks a broker what its job is about. The requester's own signature says what is computed, the broker's that it took it.
 * @throws NodeError TERMS; NetworkError; RequestRefused; ProtocolError
 */
export async function fetchTerms(
  { network }: Context,
  job: CIDText,
  broker: PeerId,
  signal: AbortSignal,
): Promise<JobTerms> {
  const reply = await network.call(broker, TERMS, encodeCanonical(jobName, { job }), { signal });
  const told = decodeCanonical(terms, reply, "terms");
  const signed = await openSigned(told);
  const fault = faultOf(job, broker, signed);
  if (fault !== undefined) throw new NodeError("TERMS", `the terms of job ${job}: ${fault}`);
  const { stepsPerLeaf } = told;
  const { request, order } = signed;
  if (stepsPerLeaf < 1 || request.content.steps % stepsPerLeaf !== 0) {
    throw new NodeError("TERMS", `leaves of ${stepsPerLeaf} steps cannot make the job's steps`);
  }
  const { sender: requester, content } = request;
  return {
    job,
    broker,
    candidates: candidatesOf(order),
    requester,
    request: content,
    stepsPerLeaf,
  };
}

function faultOf(job: CIDText, broker: PeerId, signed: Signed): string | undefined {
  if (!isOrderOf(job, signed)) return "its request or its order is another job's";
  return candidatesOf(signed.order).includes(broker) ? undefined : `${broker} is not its broker`;
}

/** A lot may be said to be smaller than it is, and then pays for less: a tenth is rounding. @throws NodeError TERMS */
export function checkSize({ plan }: Session, lease: Lease, constraints: number): void {
  const start = lease.resume?.done.end ?? lease.range.start;
  const rows = rowsOf({ kind: lease.kind, range: { start, end: lease.range.end }, constraints });
  if (2 ** plan.logRows <= 1.1 * rows) return;
  throw new NodeError(
    "TERMS",
    `the lot was said to be of ${Math.round(rows)} rows, and is of ${2 ** plan.logRows}`,
  );
}
