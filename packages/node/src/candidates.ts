import {
  type CIDText,
  type PeerId,
  type SignedMessage,
  openMessage,
  verifySignature,
} from "@foldmesh/protocol";

/** Who may lead a job, by its order: the broker that took it, then its standbys. */
export const candidatesOf = ({ sender, content }: SignedMessage<"Order">): readonly PeerId[] => [
  sender,
  ...content.standbys,
];

/** What a job was ordered by: what its requester signed, and what its broker did. */
export interface Signed {
  readonly request: SignedMessage<"ProofRequest">;
  readonly order: SignedMessage<"Order">;
}

/** @throws ProtocolError when either is not what its sender signed */
export async function openSigned(bytes: {
  readonly request: Uint8Array;
  readonly order: Uint8Array;
}): Promise<Signed> {
  return {
    request: await openMessage(verifySignature, bytes.request, "ProofRequest"),
    order: await openMessage(verifySignature, bytes.order, "Order"),
  };
}

/** Whether the requester asked for this very job, and the broker took it from that requester. */
export const isOrderOf = (job: CIDText, { request, order }: Signed): boolean =>
  request.id === job && order.content.job === job && order.content.requester === request.sender;
