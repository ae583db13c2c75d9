/* Capability lookup among n members in one process: node bench/lookup.ts [--json] [n]. Prints percentiles in ms; all members share one core. */
import { setTimeout as sleep } from "node:timers/promises";
import { createNetwork, type Network } from "../src/index.ts";

const json = process.argv.includes("--json");
const SIZE = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 50);
const LOOKUPS = 30;
/** ms between lookups: whom the last one met say hello to each other first, on the one core that all members share here */
const REST = 500;
const PROVERS = 10;
const OFFER = {
  roles: ["prover"],
  backends: [],
  maxConcurrent: 1,
  ask: 1n,
  privacy: ["public"],
  versions: { protocol: [1], software: "bench" },
} as const;

const seed = (i: number): Uint8Array => new Uint8Array(32).fill(1 + (i % 250)).fill(i >> 8, 0, 1);

async function swarm(): Promise<Network[]> {
  const members: Network[] = [];
  for (let i = 0; i < SIZE; i++) {
    const next = await createNetwork({
      privateKey: seed(i),
      listen: ["/ip4/127.0.0.1/tcp/0"],
      directory: "server",
      reach: "local",
      topics: [],
      intervals: { ping: 60_000, pingTimeout: 30_000 },
    });
    for (const known of new Set([members[i >> 1], members[i - 1]])) {
      const [address] = known?.addresses() ?? [];
      if (address !== undefined) await next.dial(address);
    }
    members.push(next);
  }
  return members;
}

async function measure(members: readonly Network[], limit: number): Promise<string> {
  const times: number[] = [];
  let short = 0;
  const before = process.cpuUsage();
  for (let i = 0; i < LOOKUPS; i++) {
    const asker = members[PROVERS + (i % (SIZE - PROVERS))];
    await sleep(REST);
    const start = performance.now();
    const found = await asker?.capabilities.find({ role: "prover" }, { limit });
    times.push(performance.now() - start);
    if (found?.length !== limit) short += 1;
  }
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * LOOKUPS)] ?? 0;
  const { user, system } = process.cpuUsage(before);
  const cpu = ((user + system) / 1000 / LOOKUPS).toFixed(0);
  const detail = `p90 ${at(0.9).toFixed(0)} ms; ${cpu} ms of CPU of all ${SIZE} members together; ${short} of ${LOOKUPS} found fewer`;
  const figures = {
    name: "lookup",
    size: `${limit} of ${PROVERS} provers`,
    threads: 1,
    ms: at(0.5),
    detail,
  };
  return json
    ? JSON.stringify(figures)
    : `${figures.size}: p50 ${at(0.5).toFixed(0)} ms, ${detail}`;
}

const members = await swarm();
for (const each of members.slice(0, PROVERS)) await each.capabilities.announce(OFFER);
await sleep(2000); // the network has met itself
for (const limit of [1, 5, PROVERS]) console.log(await measure(members, limit));
await Promise.all(members.map((each) => each.stop()));
