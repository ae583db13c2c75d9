// The short form of the campaign: one network of real processes, two jobs, faults in the middle of each.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CAPABILITIES } from "./capabilities.ts";
import { violationsOf } from "./invariants.ts";
import type { RunRecord } from "./records.ts";
import { LEAVES, runCampaign } from "./run.ts";
import { makeSchedule } from "./schedule.ts";
import { deedsOf, tableOf } from "./table.ts";

/** As `pnpm soak --seed 6 --runs 1 --jobs 2 --faults 2`, without the cheat of even seeds. */
const SEED = 6;

let directory: string;
let record: RunRecord;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "foldmesh-faults-"));
  const request = {
    seed: SEED,
    jobs: 2,
    faultsPerJob: 2,
    leaves: LEAVES,
    killShare: 0.5,
    can: CAPABILITIES,
  };
  const plans = makeSchedule(request);
  record = await runCampaign({ seed: SEED, plans, directory, say: () => {} });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

it("every job is proved, whoever is killed, frozen or cut off in the middle of it", () => {
  const ends = record.jobs.map(({ report, said }) => report?.ok ?? said);
  expect(ends).toEqual([true, true]);
});

it("every invariant holds", () => {
  expect(violationsOf(record), tableOf(deedsOf(record))).toEqual([]);
});

it("faults were done, most of them to processes at work", () => {
  const deeds = deedsOf(record);
  expect(deeds.length).toBeGreaterThan(2);
  expect(deeds.filter(({ inWork }) => inWork).length).toBeGreaterThan(1);
});
