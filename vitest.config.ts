import { defineConfig } from "vitest/config";

if (Number(process.versions.node.split(".")[0]) < 24) {
  throw new Error(`Node ${process.versions.node} found; run through "npx pnpm@12.21.0 test"`);
}

export default defineConfig({
  test: {
    projects: [
      "packages/*",
      "apps/*",
      "test",
      "test/e2e",
      "test/faults",
      {
        test: {
          name: "bad-input", // single processes mostly: beside the command line's own tests
          include: ["test/e2e/bad-input.test.ts"],
          maxWorkers: "100%",
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
