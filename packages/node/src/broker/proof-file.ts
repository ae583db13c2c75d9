import { elementFromHex } from "@foldmesh/client";
import { cidOfBytes } from "@foldmesh/network";
import type { CIDText } from "@foldmesh/protocol";
import { encodeProof } from "@foldmesh/prover";
import type { Context } from "../context.ts";
import type { Accepted } from "./accept.ts";

/** Puts a job's proof file where its requester, and nobody else, can fetch it for a while. */
export async function publishProof(
  { network, shelf, brokerConfig }: Context,
  { program, size, request, requester, key }: Accepted,
  root: CIDText,
): Promise<{ readonly proof: CIDText; readonly bytes: number }> {
  const file = encodeProof({
    programDigest: program.digest,
    stepsPerLeaf: size.stepsPerLeaf,
    context: elementFromHex(request.context),
    key: key === "transparent" ? "transparent" : "kzg",
    form: brokerConfig.compress ? "compressed" : "node",
    body: await network.blobs.fetch(root),
  });
  shelf.allow(cidOfBytes(file), requester);
  const proof = await network.blobs.add(file);
  shelf.expire(proof, brokerConfig.keepMs);
  return { proof, bytes: file.length };
}
