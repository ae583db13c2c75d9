import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "@foldmesh/prover",
    maxWorkers: "100%",
    testTimeout: 60_000,
    sequence: { groupOrder: 1 }, // threads, processes and browsers: after the tests that only compute
  },
});
