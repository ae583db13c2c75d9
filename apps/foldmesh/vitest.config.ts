import { defineProject } from "vitest/config";

export default defineProject({
  test: { name: "@foldmesh/app", testTimeout: 60_000, hookTimeout: 300_000 },
});
