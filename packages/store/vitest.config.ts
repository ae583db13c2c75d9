import { defineProject } from "vitest/config";

export default defineProject({
  test: { name: "@foldmesh/store", maxWorkers: "100%", testTimeout: 30_000 },
});
