import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "@foldmesh/network",
    maxWorkers: "100%",
    testTimeout: 20_000,
    sequence: { groupOrder: 2 }, // sockets against the clock: when nothing computes
  },
});
