import type { Scenario } from "./town.ts";

const BASE = { provers: 40, jobs: 2, leaves: 60 };

/** Kinds of weather; a seed makes a scenario of one. */
export const WEATHERS: Readonly<Record<string, Omit<Scenario, "seed">>> = {
  calm: { ...BASE, faultEveryMs: 1e9, loss: 0, deceit: 0 },
  stormy: { ...BASE, faultEveryMs: 1_000, loss: 0.02, deceit: 0 },
  hostile: { ...BASE, faultEveryMs: 3_000, loss: 0.02, deceit: 0.5 },
};
