// A network on loopback in this process: a broker, provers, an aggregator, each a node of its own.

import { appendFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, type JobUpdate, connect } from "@foldmesh/client";
import type { FoldmeshNode, NodeConfig, NodeEvent } from "../src/index.ts";
import { type NodeParts, composeNode } from "../src/node.ts";

export interface Member extends FoldmeshNode {
  readonly name: string;
  readonly dataDir: string;
  readonly events: readonly NodeEvent[];
}

export interface World extends AsyncDisposable {
  readonly cacheDir: string;
  /** for files; removed at the end */
  readonly directory: string;
  start(name: string, config: Partial<NodeConfig>, parts?: Partial<NodeParts>): Promise<Member>;
  client(
    member: Member,
    options?: { privateKey?: Uint8Array; patienceMs?: number },
  ): Promise<Client>;
  /** Stops one before the end. */
  stop(member: Member): Promise<void>;
}

const trusting = (): Promise<undefined> => Promise.resolve(undefined);
const BENCHMARK = { msmPointsPerSecond: 200_000, mergesPerMinute: 120 };

export async function createWorld(): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), "foldmesh-node-"));
  const cacheDir = join(import.meta.dirname, "..", ".cache", "keys"); // checked by hash at every load
  const members = new Map<string, Member>();
  const clients: Client[] = [];
  return {
    cacheDir,
    directory,
    async start(name, config, parts = {}) {
      const events: NodeEvent[] = [];
      const log = process.env["WORLD_LOG"]; // a file
      const bootstrap = [...members.values()].slice(0, 1).flatMap((each) => each.addresses);
      const node = await composeNode(
        {
          dataDir: join(directory, name),
          cacheDir,
          listen: ["/ip4/127.0.0.1/tcp/0"],
          bootstrap,
          roles: [],
          threads: 1,
          store: "memory",
          ...config,
          worker: { benchmark: BENCHMARK, ask: 1_000n, ...config.worker },
          broker: { rosterMs: 300, ...config.broker },
        },
        (event) => {
          events.push(event);
          if (log !== undefined) appendFileSync(log, `${Date.now()} ${name} ${show(event)}\n`);
        },
        { challenge: trusting, ...parts },
      );
      const dataDir = join(directory, name);
      const member = { ...node, name, dataDir, events, addresses: node.addresses };
      members.set(name, member);
      return member;
    },
    async client(member, options = {}) {
      const client = await connect({ dial: member.addresses[0]!, patienceMs: 10_000, ...options });
      clients.push(client);
      return client;
    },
    async stop(member) {
      members.delete(member.name);
      await member.stop();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.close()));
      await Promise.all([...members.values()].map((member) => member.stop()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export const show = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === "bigint" ? `${each}n` : each instanceof Error ? String(each.stack) : each,
  );

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

export const kinds = (updates: readonly JobUpdate[]): string[] =>
  updates.map(({ event }) => event.kind);

export async function until(condition: () => boolean, what: string, time = 20_000): Promise<void> {
  const deadline = performance.now() + time;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
