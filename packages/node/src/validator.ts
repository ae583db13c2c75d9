// The validator: verifies proofs for others, on the CPU, one at a time.

import { ClientError, elementFromHex } from "@foldmesh/client";
import { type Caller, NetworkError, RequestRefused } from "@foldmesh/network";
import { type PeerId, decodeCanonical, encodeCanonical } from "@foldmesh/protocol";
import { ProverError, type Verdict, type VerifyRequest } from "@foldmesh/prover";
import type { Context } from "./context.ts";
import { messageOf } from "./errors.ts";
import { missingPowers } from "./powers.ts";
import { VERIFY, verdictCodec, verifyRequest } from "./methods.ts";

/** `verifyProof` of the prover. */
export type VerifyProof = (request: VerifyRequest) => Promise<Verdict>;

/** The largest proof that is fetched. */
const MAX_PROOF_BYTES = 2 ** 29;
const MOST_WAITING = 8;
/** Who serves its proof slowly holds up the others only so often. */
const MOST_OF_ONE = 2;

/** Answers requests to verify until the node stops. */
export async function startValidator(context: Context, verify: VerifyProof): Promise<void> {
  const waiting: PeerId[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  await context.network.handle(VERIFY, async (request, caller) => {
    const own = waiting.filter((each) => each === caller.peer).length;
    if (waiting.length >= MOST_WAITING || own >= MOST_OF_ONE) {
      throw new RequestRefused("BUSY", "other proofs come first");
    }
    waiting.push(caller.peer);
    const mine = turn.then(() => answer(context, verify, request, caller));
    turn = mine.catch(() => {});
    return mine.finally(() => waiting.splice(waiting.indexOf(caller.peer), 1));
  });
}

async function answer(
  { network, programs, cacheDir, powers: shelf }: Context,
  verify: VerifyProof,
  request: Uint8Array,
  { peer, signal }: Caller,
): Promise<Uint8Array> {
  const asked = decodeCanonical(verifyRequest, request, "verify");
  const { program, powers, proof, bytes, z0, zn, steps } = asked;
  const key = shelf.keyOf(powers);
  if (key === undefined) throw new RequestRefused("KEY", missingPowers(powers!));
  const expected = { steps, z0: z0.map(elementFromHex), zn: zn.map(elementFromHex) };
  try {
    const opened = await programs.get(program, [peer], signal);
    const maxBytes = Math.min(bytes, MAX_PROOF_BYTES);
    const file = await network.blobs.fetch(proof, { from: [peer], maxBytes, signal });
    const verdict = await verify({ program: opened, proof: file, expected, key, cacheDir, signal });
    const failures = verdict.ok ? [] : verdict.failures.map((each) => each.slice(0, 500));
    return encodeCanonical(verdictCodec, { failures });
  } catch (error) {
    if (error instanceof ProverError && error.code === "PROOF") {
      return encodeCanonical(verdictCodec, { failures: [error.message.slice(0, 500)] });
    }
    if (error instanceof NetworkError || error instanceof ClientError) {
      throw new RequestRefused("MISSING", messageOf(error), { cause: error });
    }
    throw error;
  }
}
