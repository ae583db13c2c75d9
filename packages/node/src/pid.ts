import { Fp, concatBytes, integerFromBytesBE } from "@foldmesh/algebra";
import { type CIDText, type PeerId, peerToBytes } from "@foldmesh/protocol";
import { sha512 } from "@noble/hashes/sha2.js";

const DOMAIN = new TextEncoder().encode("foldmesh-pid-v1");

/**
 * Names a prover inside its leaves: SHA-512(domain ‖ peer id ‖ job's CID) mod p. Salted by the job, so two
 * jobs' proofs do not tell by themselves that the same peer worked on both.
 */
export function pidOf(peer: PeerId, job: CIDText): bigint {
  const salted = concatBytes(DOMAIN, peerToBytes(peer), new TextEncoder().encode(job));
  return Fp.reduce(integerFromBytesBE(sha512(salted)));
}
