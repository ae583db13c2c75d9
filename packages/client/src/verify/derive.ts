// A verifying key out of the program itself: then nobody is trusted for it.

import { type Permutation, type SRS, deriveG1Generators, plainPoseidon } from "@foldmesh/algebra";
import {
  type System,
  deriveSystem,
  encodeProgramKey,
  encodeVerifierKey,
  ipaLength,
  kzgKey,
  systemGenerators,
  withKey,
} from "@foldmesh/folding";
import { type Program, repeatStep } from "@foldmesh/r1cs";
import { type KernelOptions, openEngine } from "./kernels.ts";

export interface DeriveOptions extends KernelOptions {
  /** Steps in one leaf of the proofs. */
  readonly stepsPerLeaf: number;
  /** What the proofs are bound to; default 0, nothing. */
  readonly context?: bigint;
  /** The checked powers of tau that the program is bound to, at least so many. Default: a transparent key. */
  readonly powers?: (count: number) => Promise<SRS>;
  /** Generators derived so far. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * The verifying key's file of a program, the same bytes for whoever derives it: some seconds on one thread,
 * to be kept.
 * @throws FoldingError STEP when so many steps make no leaf, KEY when there are too few powers of tau
 * @example const file = await deriveKey(program, { stepsPerLeaf: 8 });
 */
export async function deriveKey(program: Program, options: DeriveOptions): Promise<Uint8Array> {
  const { stepsPerLeaf, context = 0n } = options;
  const step = repeatStep(program.step, stepsPerLeaf).r1cs;
  const permute = plainPoseidon();
  const generators = systemGenerators();
  const plain = deriveSystem({ step, context, generators, permute }).system;
  const { system, bases } = await bind(plain, permute, options);
  const origin = { programDigest: program.digest, stepsPerLeaf, context };
  return encodeProgramKey(origin, encodeVerifierKey(system, step, bases));
}

/** The system with its commitment key. */
async function bind(
  system: System,
  permute: Permutation,
  options: DeriveOptions,
): Promise<{ readonly system: System; readonly bases: Uint8Array }> {
  const { powers, onProgress, signal } = options;
  const count = ipaLength(system);
  if (powers !== undefined) {
    const srs = await powers(count);
    return { system: withKey(permute, system, kzgKey(srs, count)), bases: srs.bases };
  }
  const bases = await deriveG1Generators(await openEngine(options), "w", 0, count, {
    ...(onProgress && { onProgress: (done) => onProgress(done, count) }),
    ...(signal && { signal }),
  });
  return { system, bases };
}
