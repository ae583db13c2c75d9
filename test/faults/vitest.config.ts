import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "faults",
    testTimeout: 240_000,
    hookTimeout: 400_000,
    fileParallelism: false, // a network takes both cores of a small machine
    sequence: { groupOrder: 4 }, // after everything else
  },
});
