import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "@foldmesh/node",
    maxWorkers: "100%",
    testTimeout: 90_000,
    sequence: { groupOrder: 2 }, // sockets against the clock: when nothing computes
  },
});
