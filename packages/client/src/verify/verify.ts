import {
  FoldingError,
  type Origin,
  type ProofFile,
  decodeProof,
  decodeProofFile,
  readClaim,
  verifyCompressed,
} from "@foldmesh/folding";
import { type VerifyingKey, openKey } from "./key.ts";

/** What the caller asked for. There is no default: a proof shows that *its* statement is true, not that it is yours. */
export interface Expected {
  readonly z0: readonly bigint[];
  readonly zn: readonly bigint[];
  readonly steps: number;
  /** Root of the hash tree over the contributors' salted names; left out: whoever made it. */
  readonly provenance?: bigint;
}

/** What a proof states: so many steps of the program lead from z0 to zn. */
export interface Statement extends Origin, Required<Expected> {}

export type Verdict =
  | { readonly ok: true; readonly statement: Statement }
  /** `failures` names every check that failed, `reason` says it in one sentence. */
  | { readonly ok: false; readonly reason: string; readonly failures: readonly string[] };

/**
 * Verifies a compressed proof on this thread: a few hundred milliseconds, the same for any number of steps.
 * Takes any bytes as the proof and never throws for them.
 * @param key an opened key; or a key's file, which is opened for this one proof and taken as it is, so
 *   `openKey` with a pinned digest is better
 * @throws FoldingError DECODE, HEADER when the file is no verifying key
 * @example
 * const key = await openKey(keyFile, { digest });
 * const verdict = await verify(key, proofFile, { z0: [1n, 2n, 0n], zn, steps: 1000 });
 */
export async function verify(
  key: Uint8Array | VerifyingKey,
  proofFile: Uint8Array,
  expected: Expected,
): Promise<Verdict> {
  const opened = key instanceof Uint8Array ? await openKey(key) : key;
  const { z0, zn, steps } = expected;
  const body = bodyOf(opened, proofFile);
  if (!(body instanceof Uint8Array)) return body;
  const { programDigest, stepsPerLeaf, context } = opened;
  if (!Number.isSafeInteger(steps) || steps % stepsPerLeaf !== 0) {
    return refused(`statement: steps (leaves of ${stepsPerLeaf} steps cannot make ${steps})`);
  }
  const leaves = BigInt(steps / stepsPerLeaf);
  const asked = { ...expected, steps: leaves };
  const failures = await verifyCompressed(opened.verifier, body, asked);
  if (failures.length > 0) return refused(...failures);
  const origin = { programDigest, stepsPerLeaf, context };
  const { provenance } = readClaim(opened.verifier.permute, opened.stateSize, body);
  return { ok: true, statement: { ...origin, z0, zn, steps, provenance } };
}

/**
 * What a proof claims, **without verifying it**: where the end of a computation is only known from the
 * proof, take zn from here, judge it, and pass it to `verify`.
 * @returns undefined for bytes that are no compressed proof of this program
 */
export function claimOf(key: VerifyingKey, proofFile: Uint8Array): Required<Expected> | undefined {
  const body = bodyOf(key, proofFile);
  if (!(body instanceof Uint8Array)) return undefined;
  try {
    const { permute, system } = key.verifier;
    decodeProof(system, body);
    const { i, j, zIn, zOut, provenance } = readClaim(permute, key.stateSize, body);
    return { z0: zIn, zn: zOut, steps: Number(j - i) * key.stepsPerLeaf, provenance };
  } catch (error) {
    if (error instanceof FoldingError) return undefined;
    throw error;
  }
}

/**
 * Which key a proof asks for, by its own words, **which nobody need believe**: with a key that was derived from
 * the program you trust, for the steps per leaf named here, `verify` finds a false header out.
 * @returns undefined for bytes that are no proof file
 */
export function originOf(proofFile: Uint8Array): Origin | undefined {
  try {
    const { programDigest, stepsPerLeaf, context } = decodeProofFile(proofFile);
    return { programDigest, stepsPerLeaf, context };
  } catch (error) {
    if (error instanceof FoldingError) return undefined;
    throw error;
  }
}

/** The compressed proof in a file whose header agrees with the key, or why there is none. */
function bodyOf(key: VerifyingKey, proofFile: Uint8Array): Uint8Array | Verdict {
  try {
    const file = decodeProofFile(proofFile);
    const { form, body } = file;
    const difference = differenceOf(key, file);
    if (difference !== undefined) return refused(difference);
    if (form === "compressed") return body;
    return refused("form: a tree node came, which discloses inputs; ask for a compressed proof");
  } catch (error) {
    if (error instanceof FoldingError) return refused(`form: ${error.message}`);
    throw error;
  }
}

/** The header is not to be believed, but it names what went wrong better than vk can. */
function differenceOf(key: VerifyingKey, proof: ProofFile): string | undefined {
  const short = (digest: string): string => `${digest.slice(0, 16)}…`;
  if (proof.programDigest !== key.programDigest) {
    return `program: the proof is of program ${short(proof.programDigest)}, the key of ${short(key.programDigest)}`;
  }
  if (proof.stepsPerLeaf !== key.stepsPerLeaf) {
    return `steps per leaf: the proof has leaves of ${proof.stepsPerLeaf}, the key is for leaves of ${key.stepsPerLeaf}`;
  }
  if (proof.context !== key.context) {
    return `context: the proof is bound to ${proof.context}, the key to ${key.context}`;
  }
  if (proof.key !== key.kind) {
    return `key: the proof is for a ${proof.key} commitment key, this one is ${key.kind}`;
  }
  return undefined;
}

const MEANINGS: Readonly<Record<string, string>> = {
  "statement: z": "the proof is about another start than z0",
  "statement: z'": "the proof is about another end than zn",
  "statement: j": "the proof is about another number of steps",
  "statement: pid": "the proof binds other contributors",
  "statement: i": "the proof is about the middle of a computation",
};

const refused = (...failures: readonly string[]): Verdict => ({
  ok: false,
  reason: failures.map((failure) => MEANINGS[failure] ?? failure).join("; "),
  failures,
});
