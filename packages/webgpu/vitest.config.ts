import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "@foldmesh/webgpu",
    // a software device compiles for seconds, on a busy machine for many
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // a software device takes all processors: one file at a time, after the tests that only compute
    fileParallelism: false,
    sequence: { groupOrder: 1 },
  },
});
