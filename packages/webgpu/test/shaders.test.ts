// Shaders as hardware gets them, with additions written out: too long for a software device to compile, but
// they must be WGSL. What they compute is what the compact ones compute: both are written from one list of steps.

import { Fp, Fq } from "@foldmesh/algebra";
import { afterAll, describe, expect, test } from "vitest";
import { vectorKernels } from "../src/engine/kernels.ts";
import { shaderOf } from "../src/kernel.ts";
import { msmKernels } from "../src/msm/kernels.ts";
import { LAYOUTS, layoutName } from "../src/wgsl/layout.ts";
import { anyDevice } from "./support.ts";

const device = await anyDevice();
afterAll(() => device?.[Symbol.dispose]());

describe.skipIf(device === null)("every shader is WGSL", () => {
  const layouts = LAYOUTS.map((layout) => [layoutName(layout), layout] as const);
  test.each(layouts)("in %s", async (_, layout) => {
    const form = { R: 1n << 255n, offset: 5n };
    const kernels = [
      ...Object.values(msmKernels(Fq, layout, form)),
      ...Object.values(vectorKernels(Fp, layout)),
    ];
    const messages = await device!.checked(() =>
      kernels.map((kernel) =>
        device!.handle.createShaderModule({ code: shaderOf(kernel) }).getCompilationInfo(),
      ),
    );
    for (const info of await Promise.all(messages)) expect(info.messages).toEqual([]);
  });
});
