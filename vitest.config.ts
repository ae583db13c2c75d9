import { defineConfig } from "vitest/config";

if (Number(process.versions.node.split(".")[0]) < 24) {
  throw new Error(`Node ${process.versions.node} found; run through "npx pnpm@12.21.0 test"`);
}

export default defineConfig({
  test: { projects: ["packages/*", "apps/*", "test", "test/e2e", "test/faults"] },
});
