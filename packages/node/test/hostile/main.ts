// A cheating member in a process of its own, for tests: node main.ts CHEAT CONFIG, where CONFIG is JSON. SIGTERM ends it.

import type { NodeConfig } from "../../src/index.ts";
import { composeNode } from "../../src/node.ts";
import { CHEATS } from "./cheats.ts";

const [cheat, config] = process.argv.slice(2);
const create = CHEATS[cheat ?? ""];
if (create === undefined || config === undefined) throw new Error(`"${cheat}" is no cheat`);

const stopped = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stopped.abort());

/** JSON has no bigint: the price comes as a string. */
function configOf(json: string): NodeConfig {
  const { worker, ...rest } = JSON.parse(json) as NodeConfig & { worker?: { ask?: string } };
  const { ask, ...work } = worker ?? {};
  return { ...rest, worker: { ...work, ...(ask !== undefined && { ask: BigInt(ask) }) } };
}

const text = (_: string, value: unknown): unknown =>
  typeof value === "bigint" ? String(value) : value instanceof Error ? value.message : value;

const settings = configOf(config);
const node = await composeNode(
  settings,
  (event) => console.error(JSON.stringify(event, text)),
  create(settings.dataDir),
);
for (const address of node.addresses) console.log(`listening  ${address}`);
await new Promise<void>((resolve) =>
  stopped.signal.aborted
    ? resolve()
    : stopped.signal.addEventListener("abort", () => resolve(), { once: true }),
);
await node.stop();
