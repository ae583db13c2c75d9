// Nodes on loopback in this process; the broker can be reached from a page.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FoldmeshNode, type NodeConfig, startNode } from "@foldmesh/node";

/** Checked by hash at every load; the command line's tests keep theirs here too. */
const CACHE = join(import.meta.dirname, "..", "..", "..", ".cache", "foldmesh");

export interface World extends AsyncDisposable {
  /** of the broker, to dial by WebSocket */
  readonly address: string;
}

/** A broker with leaves of so many steps, a node that proves and compresses. */
export async function startWorld(stepsPerLeaf: number): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), "foldmesh-page-"));
  const nodes: FoldmeshNode[] = [];
  let admitted = 0;
  const start = async (name: string, config: Partial<NodeConfig>): Promise<FoldmeshNode> => {
    const node = await startNode(
      {
        dataDir: join(directory, name),
        cacheDir: CACHE,
        listen: ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"],
        bootstrap: nodes.slice(0, 1).flatMap(({ addresses }) => addresses),
        roles: [],
        threads: 1,
        ...config,
        // modest claims, which a busy machine holds too
        worker: { benchmark: { msmPointsPerSecond: 5_000, mergesPerMinute: 30 } },
      },
      ({ kind }) => {
        if (kind === "admitted") admitted++;
      },
    );
    nodes.push(node);
    return node;
  };
  const broker = await start("broker", {
    roles: ["broker"],
    broker: { stepsPerLeaf, rosterMs: 300 },
  });
  await start("prover", { roles: ["aggregator", "prover"] }); // one node: opening a program takes a second in each
  while (admitted < 1) await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    address: broker.addresses.find((address) => address.includes("/ws"))!,
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.stop()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
