// A verifying key out of the program itself: then nobody is trusted for it.

import { deriveG1Generators, plainPoseidon } from "@foldmesh/algebra";
import {
  deriveSystem,
  encodeProgramKey,
  encodeVerifierKey,
  ipaLength,
  systemGenerators,
} from "@foldmesh/folding";
import { type Program, repeatStep } from "@foldmesh/r1cs";
import { type KernelOptions, openEngine } from "./kernels.ts";

export interface DeriveOptions extends KernelOptions {
  /** Steps in one leaf of the proofs. */
  readonly stepsPerLeaf: number;
  /** What the proofs are bound to; default 0, nothing. */
  readonly context?: bigint;
  /** Generators derived so far. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * The verifying key's file of a program, the same bytes for whoever derives it: some seconds on one thread,
 * to be kept.
 * @throws FoldingError STEP when so many steps make no leaf
 * @example const file = await deriveKey(program, { stepsPerLeaf: 8 });
 */
export async function deriveKey(program: Program, options: DeriveOptions): Promise<Uint8Array> {
  const { stepsPerLeaf, context = 0n, onProgress, signal } = options;
  const engine = await openEngine(options);
  const step = repeatStep(program.step, stepsPerLeaf).r1cs;
  const generators = systemGenerators();
  const { system } = deriveSystem({ step, context, generators, permute: plainPoseidon() });
  const count = ipaLength(system);
  const bases = await deriveG1Generators(engine, "w", 0, count, {
    ...(onProgress && { onProgress: (done) => onProgress(done, count) }),
    ...(signal && { signal }),
  });
  const origin = { programDigest: program.digest, stepsPerLeaf, context };
  return encodeProgramKey(origin, encodeVerifierKey(system, step, bases));
}
