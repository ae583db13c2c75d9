import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
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
      message: expect.stringMatching(/driver|build/),
    },
    gpus: [],
  });
});
