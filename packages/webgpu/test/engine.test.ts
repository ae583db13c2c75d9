import { attachEngine, createEngine } from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import { engineCompliance } from "@foldmesh/algebra/testing";
import { describe } from "vitest";
import { chooseLayout, gpuEngine, noRecords, openDevice } from "../src/index.ts";
import { nodeGpu } from "../src/node.ts";
import { PATIENCE, anyDevice } from "./support.ts";

const probe = await anyDevice();
probe?.[Symbol.dispose]();

/** Vectors from 0, or from 5 elements on, on the GPU: the second mixes both places. */
describe.skipIf(probe === null).each([0, 5])(
  "vectors of %i elements and more on the GPU",
  (minimum) => {
    engineCompliance("gpu", async () => {
      const device = await openDevice(await nodeGpu(), { deadline: PATIENCE });
      const layout = await chooseLayout(device, noRecords);
      const { init } = await createEngine({ load: readModules });
      return gpuEngine({ device, layout, cpu: attachEngine(init), minimum });
    });
  },
);
