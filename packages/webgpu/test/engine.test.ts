import { type Engine, attachEngine, createEngine } from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import { engineCompliance } from "@foldmesh/algebra/testing";
import { describe, expect, test } from "vitest";
import { DeviceMSM, gpuEngine, noRecords } from "../src/index.ts";
import { openNodeDevice } from "../src/node.ts";
import { PATIENCE, anyDevice } from "./support.ts";

const probe = await anyDevice();
probe?.[Symbol.dispose]();

const openEngine = async (minimum: number): Promise<Engine> => {
  const msm = await DeviceMSM.open(await openNodeDevice("", { deadline: PATIENCE }), noRecords);
  const { init } = await createEngine({ load: readModules });
  return gpuEngine({ msm, cpu: attachEngine(init), minimum });
};

test.skipIf(probe === null)(
  "a vector that no GPU holds is an error that names memory",
  async () => {
    const engine = await openEngine(8);
    const huge = engine.scope(async () => {
      const short = engine.Fp.zeros(2 ** 12);
      return engine.Fp.padded(short, 2 ** 28);
    });
    await expect(huge).rejects.toMatchObject({ name: "GpuError", code: "OUT_OF_MEMORY" });
    await engine.scope(async () => {
      const ones = engine.Fp.powers(1n, 32);
      expect(await engine.Fp.innerProduct(ones, ones)).toBe(32n);
    });
    engine.close();
  },
);

/** Vectors from 0, or from 5 elements on, on the GPU: the second mixes both places. */
describe.skipIf(probe === null).each([0, 5])(
  "vectors of %i elements and more on the GPU",
  (minimum) => {
    engineCompliance("gpu", () => openEngine(minimum));
  },
);
