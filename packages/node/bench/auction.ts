// How long an auction takes: 32 lots among 8 bidders in one process on loopback, proofs as toys.
// Run: node packages/node/bench/auction.ts

import { readBundle } from "@foldmesh/client/node";
import { programDir } from "@foldmesh/programs";
import { ProverError } from "@foldmesh/prover";
import type { Perform } from "../src/worker/tasks.ts";
import { toyProver } from "../test/toy-prover.ts";
import { createWorld, until } from "../test/world.ts";

const BIDDERS = 8;
const LOTS = 32;
const JOBS = 12;

/** Nobody works: it is the auction that is measured. */
const perform: Perform = (_, { signal }) =>
  new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(new ProverError("ABORTED", "stopped"))),
  );

const world = await createWorld();
const prover = toyProver(1);
const broker = await world.start(
  "broker",
  { roles: ["broker"], broker: { stepsPerLeaf: 1, compress: false, rosterMs: 5_000 } },
  { prover },
);
const worker = { maxConcurrent: LOTS / BIDDERS, overheadMs: 0 };
await Promise.all(
  Array.from({ length: BIDDERS }, (_, n) =>
    world.start(`bidder-${n}`, { roles: ["prover", "aggregator"], worker }, { prover, perform }),
  ),
);
const admitted = () => broker.events.filter(({ kind }) => kind === "admitted").length;
await until(() => admitted() === BIDDERS, "admitted bidders");
const client = await world.client(broker);
const program = await readBundle(programDir("minroot"));
const times: number[] = [];
for (let n = 0; n < JOBS; n++) {
  const { job } = await client.submit({
    program,
    input: { z0: [BigInt(n), 2n, 0n], count: LOTS },
    maxPrice: 1_000_000_000n,
    deadline: Date.now() + 60_000,
  });
  let opened = 0;
  for await (const { at, event } of client.watch(job)) {
    if (event.kind === "auction-opened" && opened === 0) opened = at;
    if (event.kind !== "auction-closed") continue;
    times.push(at - opened);
    if (event.sold.length < LOTS)
      console.log(`job ${n}: only ${event.sold.length} lots were sold in the first round`);
    break;
  }
  await client.cancel(job);
}
times.sort((a, b) => a - b);
const at = (share: number): number => times[Math.floor(share * (times.length - 1))]!;
console.log(
  `auction of ${LOTS} lots among ${BIDDERS} bidders: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms (${JOBS} auctions; it ends when all have bid, windows 400 + 400 ms)`,
);
await world[Symbol.asyncDispose]();
