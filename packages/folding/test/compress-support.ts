// What the tests of compressed proofs share.

import { plainPoseidon } from "@foldmesh/algebra";
import { type Compressor, deriveSystem, loadCompressor } from "../src/index.ts";
import { scenario } from "./scenario.ts";
import { once, smallGenerators } from "./support.ts";
import { toyStep } from "./toy-step.ts";

/** The scenario's setup, able to compress. */
export const compressor: () => Promise<Compressor> = once(async () => {
  const { setup } = await scenario();
  const { structures } = deriveSystem({
    step: toyStep(),
    generators: smallGenerators(),
    permute: plainPoseidon(),
  });
  return loadCompressor(setup, structures);
});
