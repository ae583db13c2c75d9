import { elementFromHex } from "@foldmesh/client";
import { cidOfBytes } from "@foldmesh/network";
import type { CIDText } from "@foldmesh/protocol";
import { encodeProof } from "@foldmesh/prover";
import type { Context } from "../context.ts";
import type { Accepted } from "./accept.ts";
import { insist } from "./insist.ts";

export interface ProofFile {
  readonly proof: CIDText;
  readonly bytes: number;
}

/** Puts a job's proof file where its requester, and nobody else, can fetch it for a while; waits for room on the disk. */
export const publishProof = (
  context: Context,
  accepted: Accepted,
  root: CIDText,
): Promise<ProofFile> => insist(() => publish(context, accepted, root), context.stopping);

async function publish(
  { network, shelf, brokerConfig }: Context,
  { program, size, request, requester, key }: Accepted,
  root: CIDText,
): Promise<ProofFile> {
  const file = encodeProof({
    programDigest: program.digest,
    stepsPerLeaf: size.stepsPerLeaf,
    context: elementFromHex(request.context),
    key: key === "transparent" ? "transparent" : "kzg",
    form: size.compress > 0 ? "compressed" : "node",
    body: await network.blobs.fetch(root),
  });
  const proof = cidOfBytes(file);
  shelf.allow(proof, requester);
  await shelf.expire(proof, brokerConfig.keepMs);
  await network.blobs.add(file);
  return { proof, bytes: file.length };
}
