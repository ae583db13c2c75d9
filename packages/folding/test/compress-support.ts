// What the tests of compressed proofs share.

import { plainPoseidon } from "@foldmesh/algebra";
import type { R1CS } from "@foldmesh/r1cs";
import { compressOnce } from "../src/compress/compress.ts";
import { encodeProof } from "../src/compress/proof.ts";
import {
  type CompressedExpectation,
  type CompressedProof,
  type Compressor,
  type Setup,
  type VerifierKey,
  deriveSystem,
  loadCompressor,
} from "../src/index.ts";
import { scenario } from "./scenario.ts";
import { once, referenceRng, smallGenerators } from "./support.ts";
import { toyStep } from "./toy-step.ts";

/** Lets a setup of `step` compress. */
export function compressorOf(setup: Setup, step: R1CS, context = 0n): Compressor {
  const permute = plainPoseidon();
  const { structures } = deriveSystem({ step, context, generators: smallGenerators(), permute });
  return loadCompressor(setup, structures);
}

/** The scenario's setup, able to compress. */
export const compressor: () => Promise<Compressor> = once(async () =>
  compressorOf((await scenario()).setup, toyStep()),
);

export interface CompressedRoot {
  readonly key: VerifierKey;
  readonly proof: CompressedProof;
  readonly bytes: Uint8Array;
  readonly expected: CompressedExpectation;
}

/** The compressed root of the reference's vectors: leaves 0, 1, 2, of which 0 is masked. */
export const compressedRoot: () => Promise<CompressedRoot> = once(async () => {
  const { m012, leaf2, setup } = await scenario();
  const able = await compressor();
  const proof = await compressOnce(able, m012.node, referenceRng("compress-012"));
  return {
    key: able.verifier,
    proof,
    bytes: encodeProof(setup.system, proof),
    expected: { z0: [3n, 4n], zn: leaf2.D.zOut, steps: 3n },
  };
});
