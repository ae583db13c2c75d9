import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "e2e",
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false, // a network takes both cores of a small machine
    sequence: { groupOrder: 1 }, // after the tests that take a moment
  },
});
