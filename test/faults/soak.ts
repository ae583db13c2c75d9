// The long form of the fault campaign: node test/faults/soak.ts [--seed N] [--runs M] [--jobs J] [--faults F] [--kills S]
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CAPABILITIES } from "./capabilities.ts";
import { type Violation, violationsOf } from "./invariants.ts";
import { LEAVES, runCampaign } from "./run.ts";
import { cheatOf, makeSchedule } from "./schedule.ts";
import { type Deed, deedsOf, tableOf } from "./table.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "12" },
    jobs: { type: "string", default: "4" },
    faults: { type: "string", default: "3" },
    kills: { type: "string", default: "0.5" },
    /** keeps the logs of runs that went well too */
    keep: { type: "boolean", default: false },
    /** begins no further run after so many */
    minutes: { type: "string", default: "600" },
  },
});
const [first, runs, jobs, faultsPerJob, killShare, minutes] = [
  values.seed,
  values.runs,
  values.jobs,
  values.faults,
  values.kills,
  values.minutes,
].map(Number) as [number, number, number, number, number, number];

const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
const directory = await mkdtemp(join(tmpdir(), "foldmesh-soak-"));
const deeds: Deed[] = [];
const outcomes = { runs: 0, cheats: 0, jobs: 0, proved: 0 };
const failing: number[] = [];
const begun = Date.now();

/** @returns where the logs of a run that failed are */
async function runSeed(seed: number): Promise<string | undefined> {
  const place = join(directory, String(seed));
  const violations = await judge(seed, place).catch((error: unknown): Violation[] => [
    { rule: "the campaign itself goes on", detail: String((error as Error).stack ?? error) },
  ]);
  outcomes.runs++;
  if (violations.length === 0) {
    if (!values.keep) await rm(place, { recursive: true, force: true });
    return undefined;
  }
  for (const { rule, detail } of violations) say(`  broken: ${rule}: ${detail}`);
  say(`  again: ${againOf(seed)}; its logs are in ${place}`);
  return place;
}

const againOf = (seed: number): string =>
  `pnpm soak --seed ${seed} --runs 1 --jobs ${jobs} --faults ${faultsPerJob} --kills ${killShare}`;

async function judge(seed: number, place: string): Promise<readonly Violation[]> {
  const plans = makeSchedule({
    seed,
    jobs,
    faultsPerJob,
    leaves: LEAVES,
    killShare,
    can: CAPABILITIES,
  });
  const record = await runCampaign({ seed, plans, cheat: cheatOf(seed), directory: place, say });
  deeds.push(...deedsOf(record));
  if (record.cheat !== undefined) outcomes.cheats++;
  outcomes.jobs += record.jobs.length;
  outcomes.proved += record.jobs.filter((job) => job.report?.ok === true).length;
  await writeFile(join(place, "record.json"), JSON.stringify(record, inJSON, 1));
  return violationsOf(record);
}

const inJSON = (_: string, x: unknown): unknown => (typeof x === "bigint" ? String(x) : x);

function report(): void {
  const took = Math.round((Date.now() - begun) / 60_000);
  const kills = deeds.filter(({ kind }) => kind.startsWith("kill")).length;
  const held = outcomes.runs - failing.length;
  console.log(
    `${outcomes.runs} runs (${outcomes.cheats} with a cheat), ${outcomes.jobs} jobs (${outcomes.proved} proved), ${deeds.length} faults, ${kills} kills, in ${took} min; every invariant held in ${held} runs\n`,
  );
  console.log(tableOf(deeds));
  for (const seed of failing)
    console.log(`failed: ${againOf(seed)}  # logs: ${join(directory, String(seed))}`);
  if (failing.length === 0 && !values.keep) void rm(directory, { recursive: true, force: true });
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
for (let seed = first; seed < first + runs && Date.now() - begun < minutes * 60_000; seed++) {
  say(`seed ${seed}`);
  const kept = await runSeed(seed);
  if (kept !== undefined) failing.push(seed);
}
report();
process.exitCode = failing.length === 0 ? 0 : 1;
