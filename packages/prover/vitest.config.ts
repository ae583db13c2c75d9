import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "@foldmesh/prover",
    testTimeout: 60_000,
    // sockets, threads and browsers against the clock: one file at a time, after the tests that only compute
    fileParallelism: false,
    sequence: { groupOrder: 1 },
  },
});
