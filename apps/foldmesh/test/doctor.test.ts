import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { gpuRows } from "../src/commands/doctor.ts";
import { repositoryRoot } from "../src/io/paths.ts";

const MAIN = join(repositoryRoot, "apps", "foldmesh", "src", "main.ts");

it("doctor tells what a machine without a GPU is missing, and that it proves all the same", async () => {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, VK_DRIVER_FILES: "none.json", VK_ICD_FILENAMES: "none.json" };
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, "doctor", "--json"], {
    env,
  });
  expect(JSON.parse(stdout)).toEqual({
    node: process.version,
    threads: expect.any(Number),
    kernels: expect.stringMatching(/^(fma51|int29)$/),
    gpu: {
      ok: false,
      code: expect.stringMatching(/^NO_(ADAPTER|WEBGPU)$/),
      message: expect.stringMatching(/names none.json, which is not there|loader is missing|build/),
    },
    gpus: [],
  });
});

it("doctor tells software that plays a GPU from a GPU, and what each is good for", () => {
  const facts = {
    vendor: "mesa",
    architecture: "software",
    device: "llvmpipe",
    description: "llvmpipe: Mesa",
    software: true,
    maxBufferBytes: 2 ** 30,
    maxBindingBytes: 2 ** 27,
  };
  const said = (software: boolean): string => {
    const measured = { layout: "16x16 compact", points: 4096, ms: 100 };
    return gpuRows({ ok: true, ...measured, facts: { ...facts, software } })
      .flat()
      .join(" ");
  };
  expect(said(true)).toMatch(/llvmpipe: Mesa .*1 GiB .*40,960 points.s .*never for proving/);
  expect(said(false)).toMatch(/ready: foldmesh prove --gpu/);
});
