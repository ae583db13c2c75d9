import { plainPoseidon } from "@foldmesh/algebra";
import {
  type Origin,
  type ProgramKey,
  type VerifierKey,
  decodeProgramKey,
  loadVerifierKey,
  powersName,
} from "@foldmesh/folding";
import { type KernelOptions, openEngine } from "./kernels.ts";

/** A program's verifying key in an engine of its own: what `verify` takes again and again. */
export interface VerifyingKey extends Origin {
  /** SHA-256 of the key's file, which names it. */
  readonly digest: string;
  /** Elements of a state. */
  readonly stateSize: number;
  /** The commitment key that the program is bound to: by hash-to-curve, or powers of tau. */
  readonly kind: "transparent" | "kzg";
  /** Of a kzg key the name of its powers of tau, `powersName`: proofs are worth as much as their ceremony. */
  readonly powers?: string;
  readonly verifier: VerifierKey;
}

/** A pinned digest, and where the kernels come from. */
export interface OpenOptions extends KernelOptions {
  /**
   * The key's name, from the program's publisher. Without it the key, and so every proof that it accepts, is
   * only as good as where its bytes come from.
   */
  readonly digest?: string;
}

/**
 * Reads a verifying key's file and makes it ready: about a second, once for each program.
 * @throws FoldingError DECODE, HEADER when the bytes are no key, or another than the pinned one
 * @throws AlgebraError OUT_OF_MEMORY
 * @example const key = await openKey(bytes, { digest: "9f2c…" });
 */
export async function openKey(file: Uint8Array, options: OpenOptions = {}): Promise<VerifyingKey> {
  return loadKey(decodeProgramKey(file, plainPoseidon(), options.digest), options);
}

async function loadKey(key: ProgramKey, options: KernelOptions): Promise<VerifyingKey> {
  const { programDigest, stepsPerLeaf, context, digest, system, structures, bases } = key;
  const verifier = loadVerifierKey(await openEngine(options), system, structures, bases);
  const { a: stateSize, key: identity } = system;
  const origin = { programDigest, stepsPerLeaf, context };
  const powers = identity.kind === "kzg" ? { powers: powersName(identity.tau2) } : {};
  return { ...origin, digest, stateSize, kind: identity.kind, ...powers, verifier };
}
