// The house of packages: who stands on which floor and in which tower.

/** Imports go down only: to a package on a lower floor. */
export const FLOORS: Readonly<Record<string, number>> = {
  algebra: 0,
  protocol: 0,
  r1cs: 1,
  webgpu: 1,
  market: 1,
  jobs: 1,
  store: 1,
  circuits: 2,
  network: 2,
  programs: 2,
  folding: 3,
  prover: 4,
  client: 4,
  node: 5,
};

/** Two towers that know nothing of each other; they meet in prover, client and node. */
export const TOWERS: Readonly<Record<string, readonly string[]>> = {
  mathematics: ["algebra", "r1cs", "webgpu", "circuits", "programs", "folding"],
  protocol: ["protocol", "market", "jobs", "store", "network"],
};

/** Packages whose code runs in a browser, except where its name says node. */
export const BROWSER: readonly string[] = [
  "algebra",
  "protocol",
  "r1cs",
  "webgpu",
  "market",
  "jobs",
  "circuits",
  "folding",
  "client",
];

export const SCOPE = "@foldmesh/";
