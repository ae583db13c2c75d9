import { configDefaults, defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "e2e",
    exclude: [...configDefaults.exclude, "bad-input.test.ts"], // a project of its own in the root's configuration
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false, // a network takes both cores of a small machine
    sequence: { groupOrder: 3 }, // after the tests that take a moment
  },
});
