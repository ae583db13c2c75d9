import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "@foldmesh/webgpu",
    maxWorkers: "100%",
    // a software device compiles for seconds, on a busy machine for many
    testTimeout: 300_000,
    hookTimeout: 300_000,
    sequence: { groupOrder: 1 }, // a software device takes all processors: after the tests that only compute
  },
});
