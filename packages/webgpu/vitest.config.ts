import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "@foldmesh/webgpu",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // a software device takes all processors: one file at a time, after the tests that only compute
    fileParallelism: false,
    sequence: { groupOrder: 1 },
  },
});
