// The long form: `pnpm soak:sim N` runs N seeds in every weather, of all sizes. A seed that fails becomes a scenario file, which the
// tests then run for ever.

import { mkdirSync, writeFileSync } from "node:fs";
import { type Scenario, simulate } from "./town.ts";
import { WEATHERS } from "./weathers.ts";

const FOLDER = new URL("../scenarios/sim/", import.meta.url);
const SIZES = [
  { provers: 40, jobs: 2, leaves: 60 },
  { provers: 300, jobs: 12, leaves: 120 },
];

const seeds = Number(process.argv[2] ?? 20);
const first = Number(process.argv[3] ?? 1);
const totals = new Map<string, number>();
const add = (what: string, by: number): unknown => totals.set(what, (totals.get(what) ?? 0) + by);
const begun = performance.now();

for (let seed = first; seed < first + seeds; seed++) {
  for (const [weather, kind] of Object.entries(WEATHERS)) {
    for (const size of SIZES) run(weather, { ...kind, ...size, seed });
  }
}
for (const [what, n] of [...totals].toSorted((a, b) => (a[0] < b[0] ? -1 : 1)))
  console.log(`${what.padEnd(40)} ${n}`);
console.log(`${((performance.now() - begun) / 1000).toFixed(0)} s`);
process.exitCode = totals.has("violations") ? 1 : 0;

function run(weather: string, scenario: Scenario): void {
  const { events, virtualMs, done, violations, counts } = simulate(scenario);
  add("events", events);
  add("virtual hours", virtualMs / 3_600_000);
  add("jobs", scenario.jobs);
  add("jobs done", done);
  for (const [what, n] of counts) add(what, n);
  if (violations.length === 0) return;
  add("violations", violations.length);
  const name = `${weather}-${scenario.provers}-${scenario.seed}.json`;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(new URL(name, FOLDER), `${JSON.stringify(scenario, null, 2)}\n`);
  console.log(`${name}: ${violations.slice(0, 3).join("; ")}`);
}
