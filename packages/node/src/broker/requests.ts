// What dApps ask a broker, read and answered.

import type { JobResult, JobUpdate } from "@foldmesh/client";
import { type Caller, RequestRefused } from "@foldmesh/network";
import {
  type CIDText,
  type PeerId,
  type SignedMessage,
  openMessage,
  verifySignature,
} from "@foldmesh/protocol";
import type { Signed } from "../candidates.ts";

/** @throws ProtocolError, RequestRefused NOT_YOURS */
export async function openRequest(
  bytes: Uint8Array,
  { peer }: Caller,
): Promise<SignedMessage<"ProofRequest">> {
  const message = await openMessage(verifySignature, bytes, "ProofRequest");
  if (message.sender === peer) return message;
  throw new RequestRefused("NOT_YOURS", "the request is signed by somebody else");
}

/** The order of a job asked for before; price and deadline stay as they were. */
export function resume(known: Signed, { content }: SignedMessage<"ProofRequest">): Uint8Array {
  const { content: request } = known.request;
  const isSame =
    request.program === content.program &&
    request.powers === content.powers &&
    request.input.blob === content.input.blob &&
    request.steps === content.steps &&
    request.z0.join() === content.z0.join();
  if (isSame) return known.order.bytes;
  throw new RequestRefused("ID_REUSED", "this id was used for another computation: take a new one");
}

/** What the last that a job's requester is told comes to. */
export function resultOf({ event }: JobUpdate): JobResult {
  if (event.kind !== "done" && event.kind !== "failed") throw new Error(`${event.kind} is no end`);
  if (event.kind === "failed") {
    const { kind, reason, message } = event;
    return { kind, reason, message };
  }
  const { kind, proof, bytes } = event;
  return { kind, proof, bytes };
}

/** Who pays for a job that is over, where that is not who tells of its end. */
export const payerOf = ({ event }: JobUpdate): PeerId | undefined =>
  event.kind === "done" || event.kind === "failed" ? event.payer : undefined;

export const unknownJob = (job: CIDText): RequestRefused =>
  new RequestRefused("UNKNOWN_JOB", `this broker knows no job ${job}: submit it again`);
