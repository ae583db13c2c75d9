import { defineProject } from "vitest/config";

export default defineProject({
  test: { name: "@foldmesh/client", maxWorkers: "100%", testTimeout: 30_000 },
});
