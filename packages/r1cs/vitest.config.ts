import { defineProject } from "vitest/config";

export default defineProject({
  test: { name: "@foldmesh/r1cs", maxWorkers: "100%", testTimeout: 30_000 },
});
