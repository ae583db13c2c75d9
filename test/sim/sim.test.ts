import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { type Report, type Scenario, simulate } from "./town.ts";
import { WEATHERS } from "./weathers.ts";

const FOLDER = new URL("../scenarios/sim/", import.meta.url);

/** What the simulation exists for must have happened in it. */
const EXERCISED = [
  "resumed",
  "DISCONNECTED",
  "INVALID_NODE",
  "no-reveal",
  "evidence",
  "taken over",
  "stepped down",
  "partitioned",
  "crashed",
  "frozen",
  "paid",
];

test.each(Object.entries(WEATHERS))(
  "in %s weather every job ends right, paid once",
  (_, weather) => {
    for (const seed of [1, 2]) expectGood({ ...weather, seed }, simulate({ ...weather, seed }));
  },
);

test("hundreds of peers in every weather at once do what the simulation is for", () => {
  const scenario = { ...WEATHERS["hostile"]!, provers: 200, jobs: 5, faultEveryMs: 150, seed: 3 };
  const report = simulate(scenario);
  expectGood(scenario, report);
  expect(EXERCISED.filter((what) => !report.counts.has(what))).toEqual([]);
});

test("the same seed gives the same run", () => {
  const scenario = { ...WEATHERS["stormy"]!, seed: 7 };
  expect(simulate(scenario)).toEqual(simulate(scenario));
});

const failed = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
test.each(failed)("what once failed holds: %s", (name) => {
  const scenario = JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as Scenario;
  expectGood(scenario, simulate(scenario));
});

function expectGood(scenario: Scenario, { violations, done }: Report): void {
  expect(violations, JSON.stringify(scenario)).toEqual([]);
  expect(done / scenario.jobs, JSON.stringify(scenario)).toBeGreaterThanOrEqual(
    scenario.faultEveryMs > 1e6 ? 1 : 0.5,
  );
}
