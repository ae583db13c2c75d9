// How long an auction of 32 lots among 8 bidders takes, all in one process on loopback, with proofs as toys: from the
// announcement to the award, by the broker's clock. The first shard of a job may be sold by itself, while it is not known yet when
// the others can begin: it is those that are measured. Run: node packages/node/bench/auction.ts [--json] [auctions]
//
//   all answer     it ends as soon as everybody has bid: what is measured is computation and messages
//   windows full   two more bidders are admitted, one commits nothing and one never opens: both windows pass in full, and
//                  what is beyond them is computation and messages that nobody waits for anyway

import { readBundle } from "@foldmesh/client/node";
import { programDir } from "@foldmesh/programs";
import { ProverError } from "@foldmesh/prover";
import type { Client } from "@foldmesh/client";
import type { Board } from "../src/board.ts";
import type { Perform } from "../src/worker/tasks.ts";
import { toyProver } from "../test/toy-prover.ts";
import { type Member, type World, createWorld, until } from "../test/world.ts";

const BIDDERS = 8;
const LOTS = 32;
const WINDOWS_MS = 800;
const json = process.argv.includes("--json");
const AUCTIONS = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 11);

/** Nobody works: it is the auction that is measured. */
const perform: Perform = (_, { signal }) =>
  new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(new ProverError("ABORTED", "stopped"))),
  );
const prover = toyProver(1);
/** Room for the lots that are measured, and for the first shard. */
const worker = { maxConcurrent: LOTS / BIDDERS + 1, overheadMs: 0 };
const roles = ["prover"] as const; // merges, which may be sold ahead, find nobody and take no slot

/** Leaves out what it says of one kind. */
const silentOn =
  (kind: string) =>
  (board: Board): Board => ({
    ...board,
    post: (each, content) => (each === kind ? new Promise(() => {}) : board.post(each, content)),
  });

interface Market {
  readonly client: Client;
  readonly bidders: readonly Member[];
}

async function start(world: World, strangers: readonly string[]): Promise<Market> {
  const broker = await world.start(
    "broker",
    {
      roles: ["broker"],
      broker: {
        stepsPerLeaf: 1,
        maxLeavesPerShard: 1,
        compress: false,
        rosterMs: 5_000,
        job: { aheadMs: 60_000 },
      },
    },
    { prover },
  );
  const parts = { prover, perform };
  const bidders = await Promise.all([
    ...Array.from({ length: BIDDERS }, (_, n) =>
      world.start(`bidder-${n}`, { roles, worker }, parts),
    ),
    ...strangers.map((kind) =>
      world.start(`silent on ${kind}`, { roles, worker }, { ...parts, board: silentOn(kind) }),
    ),
  ]);
  const admitted = () => broker.events.filter(({ kind }) => kind === "admitted").length;
  await until(() => admitted() === BIDDERS + strangers.length, "admitted bidders");
  return { client: await world.client(broker), bidders };
}

interface Auction {
  readonly ms: number;
  readonly sold: number;
}

async function auction({ client, bidders }: Market, n: number): Promise<Auction> {
  const program = await readBundle(programDir("minroot"));
  const { job } = await client.submit({
    program,
    input: { z0: [BigInt(n), 2n, 0n], count: 1 + LOTS },
    maxPrice: 1_000_000_000n,
    deadline: Date.now() + 60_000,
  });
  let opened: { readonly auction: string; readonly at: number } | undefined;
  for await (const { at, event } of client.watch(job)) {
    if (event.kind === "auction-opened" && event.lots.length >= LOTS) {
      opened ??= { auction: event.auction, at };
    }
    if (event.kind !== "auction-closed" || event.auction !== opened?.auction) continue;
    await client.cancel(job);
    await until(() => bidders.every((each) => each.status().leases.length === 0), "free slots");
    return { ms: at - opened.at, sold: event.sold.length };
  }
  throw new Error(`job ${n} ended without an auction of all lots`);
}

async function measure(name: string, strangers: readonly string[]): Promise<void> {
  await using world = await createWorld();
  const market = await start(world, strangers);
  const auctions: Auction[] = [];
  for (let n = 0; n <= AUCTIONS; n++) {
    const each = await auction(market, n);
    if (n > 0) auctions.push(each); // the first one warms up
  }
  const times = auctions.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))]!;
  const whole = auctions.filter(({ sold }) => sold === LOTS).length;
  const beyond = strangers.length > 0 ? `, ${at(0.5) - WINDOWS_MS} ms beyond the windows` : "";
  const detail = `p90 ${at(0.9)} ms${beyond}, ${whole} of ${AUCTIONS} sold all ${LOTS} lots at once`;
  const figures = { name: "auction", size: name, threads: 1, ms: at(0.5), detail };
  console.log(json ? JSON.stringify(figures) : `${name}: p50 ${at(0.5)} ms, ${detail}`);
}

await measure("all answer", []);
await measure("windows full", ["BidCommit", "BidReveal"]);
