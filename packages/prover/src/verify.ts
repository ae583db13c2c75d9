import { ELEMENT_BYTES } from "@foldmesh/algebra";
import type { StepCircuit } from "@foldmesh/r1cs";
import type { ProofStatement, Verdict, VerifyRequest } from "./api.ts";
import { ProverError } from "./errors.ts";
import { MAX_LOG_ROWS } from "./plan.ts";
import { type ProofFile, REUSABLE, decodeProof } from "./proof-file.ts";
import { openSession } from "./session.ts";
import { defaultThreads } from "./workers.ts";

/**
 * Verifies a proof file in full against what the caller expects (§8 of the proof system). A proof that
 * is not valid gives a verdict that names the failed checks; bytes that are no proof file throw.
 * @throws ProverError PROOF (unusable bytes), CACHE, ABORTED
 */
export async function verifyProof(request: VerifyRequest): Promise<Verdict> {
  const file = readHeader(request);
  if (typeof file === "string") return { ok: false, failures: [file], statement: null, ms: 0 };
  const { signal, expected = {} } = request;
  const { stepsPerLeaf, context, node } = file;
  const steps = stepsPerLeaf; // the smallest plan of this structure
  const threads = defaultThreads(); // for a key that must be derived
  await using session = await openSession({ ...request, context, stepsPerLeaf, steps, threads });
  const j = expected.steps === undefined ? undefined : BigInt(expected.steps / stepsPerLeaf);
  const task = { node, expected: { i: 0n, j, zIn: expected.z0, zOut: expected.zn } };
  const { failures, claim, ms } = await session.verify(task, { signal });
  const statement: ProofStatement | null =
    claim === null
      ? null
      : { steps: Number(claim.j) * stepsPerLeaf, z0: claim.zIn, zn: claim.zOut };
  if (failures.length > 0 || statement === null) return { ok: false, failures, statement, ms };
  return { ok: true, statement, stepsPerLeaf, ms };
}

/** The file, or why its header cannot be that of a valid proof. @throws ProverError PROOF */
function readHeader(request: VerifyRequest): ProofFile | string {
  try {
    const file = decodeProof(request.proof);
    return headerFailure(request, file) ?? file;
  } catch (error) {
    if (error instanceof ProverError && error.code === "HEADER") return error.message;
    throw error;
  }
}

/** Everything that can be refused before public parameters are derived for a file's claims. */
function headerFailure(
  { program, expected, context = REUSABLE }: VerifyRequest,
  file: ProofFile,
): string | null {
  if (file.programDigest !== program.digest) {
    return `program: the proof is of program ${file.programDigest.slice(0, 16)}…, not ${program.digest.slice(0, 16)}…`;
  }
  if (file.context !== context) {
    return `context: the proof is of ${file.context}, expected ${context}`;
  }
  if (!isPossible(program.step, file)) {
    return "steps per leaf: more than a proof of this size can hold";
  }
  if (expected?.steps !== undefined && expected.steps % file.stepsPerLeaf !== 0) {
    return `statement: steps (leaves of ${file.stepsPerLeaf} steps cannot make ${expected.steps})`;
  }
  return null;
}

/**
 * Whether a leaf of so many steps fits the system's rows and the node's bytes, which hold each private
 * wire and each state between two steps twice: a false claim must not make the verifier build a circuit
 * larger than what was sent.
 */
function isPossible({ r1cs, stateSize }: StepCircuit, { stepsPerLeaf, node }: ProofFile): boolean {
  const { columns, publicCount, A } = r1cs;
  const wires = stepsPerLeaf * (columns - publicCount) + (stepsPerLeaf - 1) * stateSize;
  return 2 * ELEMENT_BYTES * wires <= node.length && stepsPerLeaf * A.rows < 2 ** MAX_LOG_ROWS;
}
