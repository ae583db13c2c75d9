import { jobName } from "@foldmesh/client";
import {
  type CIDText,
  type Lease,
  type PeerId,
  type ProofRequest,
  type SignedMessage,
  decodeCanonical,
  encodeCanonical,
  openMessage,
  verifySignature,
} from "@foldmesh/protocol";
import type { Session } from "@foldmesh/prover";
import type { Context } from "../context.ts";
import { NodeError } from "../errors.ts";
import { TERMS, terms } from "../methods.ts";
import { rowsOf } from "./admission.ts";

/** A job as a worker knows it. */
export interface JobTerms {
  readonly job: CIDText;
  readonly broker: PeerId;
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
  const request = await openMessage(verifySignature, told.request, "ProofRequest");
  const order = await openMessage(verifySignature, told.order, "Order");
  const fault = faultOf(job, broker, request, order);
  if (fault !== undefined) throw new NodeError("TERMS", `the terms of job ${job}: ${fault}`);
  const { stepsPerLeaf } = told;
  if (stepsPerLeaf < 1 || request.content.steps % stepsPerLeaf !== 0) {
    throw new NodeError("TERMS", `leaves of ${stepsPerLeaf} steps cannot make the job's steps`);
  }
  return { job, broker, requester: request.sender, request: request.content, stepsPerLeaf };
}

function faultOf(
  job: CIDText,
  broker: PeerId,
  request: SignedMessage<"ProofRequest">,
  order: SignedMessage<"Order">,
): string | undefined {
  if (request.id !== job) return "its request is another job's";
  if (order.content.job !== job || order.content.requester !== request.sender) {
    return "its order is another job's";
  }
  const mayLead = [order.sender, ...order.content.standbys];
  return mayLead.includes(broker) ? undefined : `${broker} is not its broker`;
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
