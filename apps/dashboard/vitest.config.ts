import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "@foldmesh/dashboard",
    maxWorkers: "100%",
    sequence: { groupOrder: 1 }, // threads, processes and browsers: after the tests that only compute
  },
});
