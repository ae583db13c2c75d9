import { defineProject } from "vitest/config";

export default defineProject({
  test: { name: "@foldmesh/programs", maxWorkers: "100%", testTimeout: 60_000 },
});
