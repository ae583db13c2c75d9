// `verify --key`: from two files alone. No program, no commitment key, no cache, no thread.
import { type VerifyingKey, claimOf, openKey, verify } from "@foldmesh/client/verify";
import { type ProofStatement, ProverError, type Verdict, decodeProof } from "@foldmesh/prover";
import { readUserFile } from "../io/files.ts";

const MAX_KEY_BYTES = 2 ** 30;

export interface KeyRequest {
  /** path */
  readonly key: string;
  /** SHA-256 that the key's file must have */
  readonly digest?: string;
}

/** @throws CLIError FILE; FoldingError DECODE, HEADER */
export async function openKeyFile({ key, digest }: KeyRequest): Promise<VerifyingKey> {
  const bytes = await readUserFile(key, "the key", MAX_KEY_BYTES);
  return openKey(bytes, digest === undefined ? {} : { digest });
}

/** @throws ProverError PROOF when the bytes are no proof file */
export async function verifyWithKey(
  key: VerifyingKey,
  proof: Uint8Array,
  expected: Partial<ProofStatement>,
): Promise<Verdict> {
  const start = performance.now();
  const ms = (): number => performance.now() - start;
  const header = headerFault(proof);
  if (header !== null) return { ok: false, failures: [header], statement: null, ms: ms() };
  const claim = claimOf(key, proof) ?? null;
  const verdict = await verify(key, proof, { ...(claim ?? NOTHING), ...expected });
  if (!verdict.ok) return { ok: false, failures: verdict.failures, statement: claim, ms: ms() };
  const { steps, z0, zn, provenance, stepsPerLeaf } = verdict.statement;
  const statement = { steps, z0, zn, provenance };
  return { ok: true, form: "compressed", statement, stepsPerLeaf, ms: ms() };
}

/** A proof that cannot be read states nothing; `verify` says what is wrong with it. */
const NOTHING: ProofStatement = { steps: 0, z0: [], zn: [], provenance: 0n };

function headerFault(proof: Uint8Array): string | null {
  try {
    decodeProof(proof);
    return null;
  } catch (error) {
    if (error instanceof ProverError && error.code === "HEADER") return error.message;
    throw error;
  }
}
