import { ELEMENT_BYTES, plainPoseidon } from "@foldmesh/algebra";
import { type Claim, FoldingError, readClaim } from "@foldmesh/folding";
import type { StepCircuit } from "@foldmesh/r1cs";
import type { ProofStatement, Verdict, VerifyRequest } from "./api.ts";
import { ProverError } from "./errors.ts";
import { type ProofFile, REUSABLE, decodeProof, keyKind } from "./proof-file.ts";
import { openSession } from "./session.ts";
import { sizeOfLeaf, sizeOfStep } from "./plan.ts";
import type { Derived, VerifyTask } from "./worker-tasks.ts";
import { defaultThreads } from "./workers.ts";

/**
 * Verifies a proof file in full against what the caller expects (§8 of the proof system). A proof that
 * is not valid gives a verdict that names the failed checks; bytes that are no proof file throw.
 * @throws ProverError PROOF (unusable bytes), KEY, CACHE, ABORTED
 */
export async function verifyProof(request: VerifyRequest): Promise<Verdict> {
  const file = readHeader(request);
  if (typeof file === "string") return { ok: false, failures: [file], statement: null, ms: 0 };
  const early = earlyRefusal(request, file);
  if (early !== null) return early;
  const { signal } = request;
  const { stepsPerLeaf, context, form, body } = file;
  const steps = stepsPerLeaf; // the smallest plan of this structure
  const threads = defaultThreads(); // for a key that must be derived
  const system = { ...request, context, stepsPerLeaf, steps, threads };
  const check = (derived: Derived): void => requireFit(derived, request, file);
  const opened = await openSession({ ...system, check }).catch(refusalOf);
  if ("failures" in opened) return opened;
  await using session = opened;
  const expected = askedOf(request, file);
  const { failures, claim, ms } =
    form === "node"
      ? await session.verify({ node: body, expected }, { signal })
      : await session.check({ proof: body, expected }, { signal });
  const statement = claim === null ? null : statementOf(claim, file);
  if (failures.length > 0 || statement === null) return { ok: false, failures, statement, ms };
  return { ok: true, form, statement, stepsPerLeaf, ms };
}

/** What the system alone shows to be no proof of it. */
class Unfit extends Error {
  override readonly name: string = "Unfit";
}

/** Before a commitment key is made ready, which takes minutes for a large system that is not known here. */
function requireFit(
  { nodeBytes, proofBytes, vk }: Derived,
  { program }: VerifyRequest,
  { key, form, body }: ProofFile,
): void {
  if (key !== "transparent") return; // its key is in a file, and decides vk and size
  const bytes = form === "node" ? nodeBytes : proofBytes;
  if (body.length !== bytes) {
    throw new Unfit(`form: a ${form} of this program has ${bytes} bytes, this one ${body.length}`);
  }
  if (readClaim(plainPoseidon(), program.step.stateSize, body).vk === vk) return;
  throw new Unfit("form: it belongs to another program, context or number of steps per leaf");
}

function refusalOf(error: unknown): Verdict & { readonly ok: false } {
  if (!(error instanceof Unfit)) throw error;
  return { ok: false, failures: [error.message], statement: null, ms: 0 };
}

type Asked = VerifyTask["expected"];

const askedOf = ({ expected = {} }: VerifyRequest, { stepsPerLeaf }: ProofFile): Asked => ({
  i: 0n,
  j: expected.steps === undefined ? undefined : BigInt(expected.steps / stepsPerLeaf),
  zIn: expected.z0,
  zOut: expected.zn,
  provenance: expected.provenance,
});

const statementOf = (claim: Claim, { stepsPerLeaf }: ProofFile): ProofStatement => ({
  steps: Number(claim.j) * stepsPerLeaf,
  z0: claim.zIn,
  zn: claim.zOut,
  provenance: claim.provenance,
});

/** What a proof says of itself is compared before anything is derived: it is seldom the one that was asked for. */
function earlyRefusal(request: VerifyRequest, file: ProofFile): Verdict | null {
  try {
    const claim = readClaim(plainPoseidon(), request.program.step.stateSize, file.body);
    const failures = differences(claim, askedOf(request, file));
    if (failures.length === 0) return null;
    return { ok: false, failures, statement: statementOf(claim, file), ms: 0 };
  } catch (error) {
    if (!(error instanceof FoldingError)) throw error;
    return { ok: false, failures: [error.message], statement: null, ms: 0 };
  }
}

/** Named as the verifiers name them, which compare again what they open. */
function differences(claim: Claim, { i, j, zIn, zOut, provenance }: Asked): string[] {
  const same = (a: readonly bigint[] | undefined, b: readonly bigint[]): boolean =>
    a === undefined || (a.length === b.length && a.every((x, n) => x === b[n]));
  const checks: readonly (readonly [string, boolean])[] = [
    ["i", i === claim.i],
    ["j", (j ?? claim.j) === claim.j],
    ["z", same(zIn, claim.zIn)],
    ["z'", same(zOut, claim.zOut)],
    ["pid", (provenance ?? claim.provenance) === claim.provenance],
  ];
  return checks.filter(([, ok]) => !ok).map(([name]) => `statement: ${name}`);
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

const KEY_FAILURES = {
  transparent:
    "key: the proof is of a program bound to powers of tau, and none were given to verify it with",
  kzg: "key: the proof is under a transparent key, expected one under these powers of tau",
} as const;

/** Everything that can be refused before public parameters are derived for a file's claims. */
function headerFailure(
  { program, expected, context = REUSABLE, stepsPerLeaf, key }: VerifyRequest,
  file: ProofFile,
): string | null {
  if (file.programDigest !== program.digest) {
    return `program: the proof is of program ${file.programDigest.slice(0, 16)}…, not ${program.digest.slice(0, 16)}…`;
  }
  if (file.key !== keyKind(key)) return KEY_FAILURES[keyKind(key)];
  if (file.context !== context) {
    return `context: the proof is of ${file.context}, expected ${context}`;
  }
  if (stepsPerLeaf !== undefined && file.stepsPerLeaf !== stepsPerLeaf) {
    return `steps per leaf: the proof is of leaves of ${file.stepsPerLeaf}, expected ${stepsPerLeaf}`;
  }
  const refused = stepsPerLeaf === undefined ? refusedLeaf(program.step, file) : null;
  if (refused !== null) return refused;
  if (expected?.steps !== undefined && expected.steps % file.stepsPerLeaf !== 0) {
    return `statement: steps (leaves of ${file.stepsPerLeaf} steps cannot make ${expected.steps})`;
  }
  return null;
}

/**
 * A claim of too many steps per leaf must not make the verifier build a circuit larger than what was sent
 * (a node), or than what a planner makes (a compressed proof, whose size says nothing).
 */
function refusedLeaf(step: StepCircuit, file: ProofFile): string | null {
  if (file.form === "node") {
    return isPossible(step, file)
      ? null
      : "steps per leaf: more than a proof of this size can hold";
  }
  if (isPlausible(step, file)) return null;
  return `steps per leaf: the proof claims leaves of ${file.stepsPerLeaf}, more than the planner makes; if that is what you expect, say so`;
}

/** Rows beyond which no planner chains steps. */
const PLAUSIBLE_ROWS = 2 ** 18;

const isPlausible = ({ r1cs }: StepCircuit, { stepsPerLeaf }: ProofFile): boolean =>
  stepsPerLeaf === 1 || stepsPerLeaf * Math.max(r1cs.A.rows, r1cs.columns) <= PLAUSIBLE_ROWS;

/** Whether a leaf of so many steps fits the system, and the node's bytes, which hold each private wire and each state between two steps twice. */
function isPossible(step: StepCircuit, { stepsPerLeaf, body }: ProofFile): boolean {
  const { columns, publicCount } = step.r1cs;
  const wires = stepsPerLeaf * (columns - publicCount) + (stepsPerLeaf - 1) * step.stateSize;
  const fits = 2 * ELEMENT_BYTES * wires <= body.length;
  return fits && sizeOfLeaf(sizeOfStep(step), stepsPerLeaf) !== null;
}
