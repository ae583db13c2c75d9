import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "@foldmesh/app",
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 300_000,
    sequence: { groupOrder: 1 }, // threads, processes and browsers: after the tests that only compute
  },
});
