import { configDefaults, defineProject } from "vitest/config";

/** A minute with real processes: `FOLDMESH_CAMPAIGN=1 pnpm exec vitest run --project faults`; without it the tests stay under a quarter of an hour. */
const isAsked = process.env["FOLDMESH_CAMPAIGN"] !== undefined;

export default defineProject({
  test: {
    name: "faults",
    exclude: [...configDefaults.exclude, ...(isAsked ? [] : ["campaign.test.ts"])],
    testTimeout: 240_000,
    hookTimeout: 400_000,
    fileParallelism: false, // a network takes both cores of a small machine
    sequence: { groupOrder: 4 }, // after everything else
  },
});
