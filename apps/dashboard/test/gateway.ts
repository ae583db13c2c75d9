// A gateway that takes any job and answers at once with a proof of its own choice: usually a lie.

import {
  HELLO,
  JOBS,
  QUOTE,
  RESULT,
  SUBMIT,
  WATCH,
  greeting,
  jobResult,
  outlines,
  quotation,
  watchReply,
} from "@foldmesh/client";
import { createNetwork } from "@foldmesh/network";
import {
  PROTOCOL_VERSION,
  encodeCanonical,
  openMessage,
  signMessage,
  verifySignature,
} from "@foldmesh/protocol";

export interface Gateway {
  /** to dial by WebSocket */
  readonly address: string;
  close(): Promise<void>;
}

/** @param stepsPerLeaf what it says when it is asked for a quote */
export async function startGateway(proof: Uint8Array, stepsPerLeaf: number): Promise<Gateway> {
  const network = await createNetwork({
    privateKey: crypto.getRandomValues(new Uint8Array(32)),
    listen: ["/ip4/127.0.0.1/tcp/0/ws"],
    directory: "server",
    reach: "local",
    topics: [],
  });
  const cid = await network.blobs.add(proof);
  await network.handle(HELLO, () =>
    encodeCanonical(greeting, { versions: [PROTOCOL_VERSION], software: "liar" }),
  );
  const price = { constraints: 1, least: 0n, typical: 0n, provers: 1 };
  await network.handle(QUOTE, () =>
    encodeCanonical(quotation, { stepsPerLeaf, leaves: 2, ...price }),
  );
  await network.handle(SUBMIT, async (bytes) => {
    const { id, sender, content } = await openMessage(verifySignature, bytes, "ProofRequest");
    const { maxPrice, deadline } = content;
    const order = { job: id, requester: sender, standbys: [], maxPrice, deadline };
    return (await signMessage(network.signer, "Order", order)).bytes;
  });
  const done = { proof: cid, bytes: proof.length };
  await network.handle(WATCH, () => {
    const event = { kind: "done", ...done, paid: 0n } as const;
    const updates = [{ sequence: 0, at: Date.now(), event }];
    return encodeCanonical(watchReply, { updates, over: true });
  });
  await network.handle(RESULT, () => encodeCanonical(jobResult, { kind: "done", ...done }));
  await network.handle(JOBS, () => encodeCanonical(outlines, []));
  return { address: network.addresses()[0]!, close: () => network.stop() };
}
