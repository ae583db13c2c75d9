import { afterEach, describe, expect, test, vi } from "vitest";
import { distinct, openNodeDevice, requireReachable } from "../src/node.ts";
import { type Probes, missingHere } from "../src/node-missing.ts";

describe("what is missing is named", () => {
  const machine: Probes = {
    platform: "linux",
    env: {},
    hasLibrary: () => true,
    exists: () => true,
    list: (directory) => (directory.startsWith("/usr/share") ? ["radeon_icd.json"] : []),
  };

  test.each<[string, Partial<Probes>, RegExp]>([
    ["the Vulkan loader", { hasLibrary: () => false }, /loader is missing: install libvulkan1/],
    ["every driver", { list: () => [] }, /No Vulkan driver is installed.*NVIDIA's own/],
    [
      "a driver's file",
      { env: { VK_DRIVER_FILES: "here.json:gone.json" }, exists: (path) => path === "here.json" },
      /names gone.json, which is not there/,
    ],
    ["the GPU itself", {}, /found its GPU \(radeon_icd.json\): .*container/],
    ["outside Linux", { platform: "darwin" }, /GPU's driver/],
  ])("%s", (_, differing, sentence) => {
    expect(missingHere({ ...machine, ...differing })).toMatch(sentence);
  });

  test("this machine's own libraries are asked for", () => {
    const asked = missingHere();
    if (process.platform === "linux") expect(asked).toMatch(/Vulkan (loader|driver)/);
  });
});

describe("a system without a build of Dawn", () => {
  afterEach(() => {
    vi.doUnmock("webgpu");
    vi.resetModules();
  });

  test("is told so", async () => {
    vi.resetModules();
    vi.doMock("webgpu", () => {
      throw new Error("no such file: dawn.node");
    });
    const { openNodeDevice: open, adapterNames } = await import("../src/node.ts");
    await expect(open("")).rejects.toMatchObject({
      code: "NO_WEBGPU",
      message: expect.stringMatching(/no working build for \w+ \w+ \(.*\)/),
    });
    expect(await adapterNames()).toEqual([]);
  });
});

describe("several GPUs", () => {
  const names = distinct(["Radeon RX 7600 XT", "H200", "H200", "Radeon RX 7600"]);

  test("two of one model have names of their own", () => {
    expect(names).toEqual(["Radeon RX 7600 XT", "H200", "H200 #2", "Radeon RX 7600"]);
  });

  test("one is opened by its own name only, and never another in its place", () => {
    requireReachable(names, "Radeon RX 7600 XT");
    requireReachable(names, "H200");
    // Dawn would open the first
    for (const shadowed of ["H200 #2", "Radeon RX 7600"]) {
      expect(() => requireReachable(names, shadowed)).toThrow(/cannot be told from.*sees no other/);
    }
    for (const partial of ["H2", "Radeon"]) {
      expect(() => requireReachable(names, partial)).toThrow(/no GPU .*GPUs: "Radeon RX 7600 XT"/);
    }
  });

  test("a name that no GPU has is an error that lists those there are", async () => {
    await expect(openNodeDevice("H100")).rejects.toMatchObject({
      code: expect.stringMatching(/^NO_(ADAPTER|WEBGPU)$/),
      message: expect.stringMatching(/no GPU "H100"; this machine's GPUs: /),
    });
  });
});
