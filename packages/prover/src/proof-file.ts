// Proof files with the prover's errors; the format is folding's, where verifiers without prover read it too.

import { FoldingError, type ProofFile, decodeProofFile, encodeProofFile } from "@foldmesh/folding";
import type { KeyChoice } from "./api.ts";
import { ProverError } from "./errors.ts";

export type { ProofFile };

/** The context of a proof that may be reused between jobs. */
export const REUSABLE = 0n;

/** What a proof file says of a key. */
export const keyKind = (key: KeyChoice = "transparent"): NonNullable<ProofFile["key"]> =>
  key === "transparent" ? "transparent" : "kzg";

export const encodeProof: (file: ProofFile) => Uint8Array = encodeProofFile;

/** @throws ProverError PROOF when the bytes are no proof file of this version, HEADER when its claims are impossible */
export function decodeProof(bytes: Uint8Array): ProofFile {
  try {
    return decodeProofFile(bytes);
  } catch (error) {
    if (!(error instanceof FoldingError)) throw error;
    const code = error.code === "HEADER" ? "HEADER" : "PROOF";
    throw new ProverError(code, error.message, { cause: error });
  }
}
