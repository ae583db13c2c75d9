// What the tests of programs with a KZG key share. The powers of tau are made here: for tests only.

import { Fp, type SRS, plainPoseidon } from "@foldmesh/algebra";
import { unsafePowers } from "@foldmesh/algebra/unsafe-setup";
import {
  type CompressedExpectation,
  type Compressor,
  type TreeNode,
  compressNode,
  deriveSystem,
  ipaLength,
  kzgKey,
  loadCompressor,
  loadSetup,
  mergeNodes,
  withKey,
} from "../src/index.ts";
import { toyLeaves } from "./scenario.ts";
import { once, referenceRng, smallGenerators, testEngine } from "./support.ts";
import { toyStep } from "./toy-step.ts";

/** 2^15 bases: the toy step's. */
const BASES = 2 ** 15;

const TAU: bigint = referenceRng("tau").element(Fp);

export const srs: () => Promise<SRS> = once(async () =>
  unsafePowers(await testEngine(), TAU, BASES),
);

/** The toy step under the powers of TAU. */
export const kzgCompressor: () => Promise<Compressor> = once(async () => {
  const permute = plainPoseidon();
  const { system, structures } = deriveSystem({
    step: toyStep(),
    generators: smallGenerators(),
    permute,
  });
  const { bases, tau2 } = await srs();
  const keyed = withKey(permute, system, kzgKey({ bases, tau2 }, ipaLength(system)));
  return loadCompressor(loadSetup(await testEngine(), keyed, structures, bases), structures);
});

export interface KZGRoot {
  readonly able: Compressor;
  readonly node: TreeNode;
  readonly bytes: Uint8Array;
  readonly expected: CompressedExpectation;
}

/** Two leaves, the first of them masked, merged and compressed. */
export const kzgRoot: () => Promise<KZGRoot> = once(async () => {
  const able = await kzgCompressor();
  const [left, right] = await toyLeaves(able, 2);
  const node = await mergeNodes(able, left!, right!, referenceRng("kzg merge"));
  const bytes = await compressNode(able, node, referenceRng("kzg compress"));
  const expected = { z0: node.D.zIn, zn: node.D.zOut, steps: 2n };
  return { able, node, bytes, expected };
});
