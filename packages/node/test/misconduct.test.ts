// Peers that lie, sulk or vanish, in a network whose proofs are toys: everything around them is real.

import { readBundle } from "@foldmesh/client/node";
import type { Bundle, JobEvent, JobUpdate } from "@foldmesh/client";
import { NetworkError } from "@foldmesh/network";
import { programDir } from "@foldmesh/programs";
import type { Award } from "@foldmesh/protocol";
import { ProverError } from "@foldmesh/prover";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { NodeConfig } from "../src/index.ts";
import type { NodeParts } from "../src/node.ts";
import { type Perform, perform } from "../src/worker/tasks.ts";
import { decode, encode, falsified, toyProver } from "./toy-prover.ts";
import { type Member, type World, all, createWorld, until } from "./world.ts";

let bundle: Bundle;
beforeAll(async () => {
  bundle = await readBundle(programDir("minroot"));
});

const request = (count = 8) => ({
  program: bundle,
  input: { z0: [1n, 2n, 0n], count },
  maxPrice: 1_000_000n,
  deadline: Date.now() + 30_000,
});

/** A broker with an aggregator, and provers of which the first does not behave. */
async function network(
  bad: Partial<NodeParts>,
  broker: NodeConfig["broker"] = {},
  { checkpointMs = 10_000, ...other }: { checkpointMs?: number } & Partial<NodeParts> = {},
): Promise<{ world: World; broker: Member; bad: Member; good: Member }> {
  const world = await createWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const prover = toyProver();
  const head = await world.start(
    "broker",
    { roles: ["broker"], broker: { stepsPerLeaf: 1, restMs: 300, ...broker } },
    { prover },
  );
  const worker = { overheadMs: 100, maxConcurrent: 2, checkpointMs };
  const [cheat, good] = await Promise.all([
    world.start("bad", { roles: ["prover"], worker }, { prover, ...bad }),
    world.start("good", { roles: ["prover"], worker }, { prover, ...other }),
    world.start("aggregator", { roles: ["aggregator"], worker }, { prover }),
  ]);
  await until(() => count(head, "admitted") === 3, "three admitted peers");
  return { world, broker: head, bad: cheat, good };
}

const count = ({ events }: Member, kind: string): number =>
  events.filter((event) => event.kind === kind).length;

const of = <K extends JobEvent["kind"]>(updates: readonly JobUpdate[], kind: K) =>
  updates.flatMap(({ event }) =>
    event.kind === kind ? [event as Extract<JobEvent, { kind: K }>] : [],
  );

async function run({ world, broker }: { world: World; broker: Member }): Promise<JobUpdate[]> {
  const client = await world.client(broker);
  const { job } = await client.submit(request());
  return all(client.watch(job));
}

const VICTIM = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

const cheats: readonly [string, Perform, string][] = [
  [
    "a node with a false witness",
    async (context, task) => falsified(await perform(context, task)),
    "u: relation",
  ],
  [
    "a node of another range",
    async (context, task) => {
      const node = decode(await perform(context, task));
      return encode({ ...node, i: node.i + 1n, j: node.j + 1n });
    },
    "statement: i",
  ],
  [
    "a node of another computation",
    async (context, task) => {
      const node = decode(await perform(context, task));
      return encode({ ...node, zOut: [7n, 7n, 7n] });
    },
    "statement: z'",
  ],
  [
    "somebody else's node",
    (context, task) => {
      const network = { ...context.network, peer: VICTIM }; // what that peer would make, byte for byte
      return perform({ ...context, network }, task);
    },
    "statement: pid",
  ],
  [
    "bytes that are no node",
    () => Promise.resolve(new Uint8Array(100)),
    "a node of this program has",
  ],
];

describe("a prover that delivers", () => {
  test.each(cheats)("%s is named, unpaid, and its lots go out again", async (_, cheat, failure) => {
    const { bad, good, ...rest } = await network({ perform: cheat });
    const updates = await run(rest);
    expect(updates.at(-1)!.event.kind).toBe("done");
    const [rejected] = of(updates, "rejected");
    expect(rejected).toMatchObject({ peer: bad.peer });
    expect(rejected!.failures.join()).toContain(failure);
    expect(of(updates, "blamed")[0]).toMatchObject({ peer: bad.peer, reason: "INVALID_NODE" });
    const paid = of(updates, "paid");
    expect(paid.some(({ peer }) => peer === bad.peer)).toBe(false);
    expect(paid.filter(({ peer }) => peer === good.peer).length).toBeGreaterThan(0);
    // two such nodes, and it is banned before it hears
    const isTold = () => count(bad, "receipt") > 0 || count(rest.broker, "banned") > 0;
    await until(isTold, "the rejection or a ban");
    const receipt = bad.events.find(({ kind }) => kind === "receipt") ?? { amount: 0n };
    expect(receipt).toMatchObject({ amount: 0n });
    expect(rest.broker.events).toContainEqual(
      expect.objectContaining({ kind: "offence", peer: bad.peer, offence: "misconduct" }),
    );
  });
});

test("an aggregator that delivers the root itself as its compression is refused and unpaid", async () => {
  const lazy: Perform = async (context, task) => {
    const { kind, inputs } = task.lease;
    return kind === "compress" ? context.network.blobs.fetch(inputs[0]!) : perform(context, task);
  };
  const world = await createWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const prover = toyProver();
  const broker = await world.start(
    "broker",
    { roles: ["broker"], broker: { stepsPerLeaf: 1, restMs: 300, compress: true } },
    { prover },
  );
  const worker = { overheadMs: 100, maxConcurrent: 2 };
  const [bad, good] = await Promise.all([
    world.start(
      "bad",
      { roles: ["aggregator"], worker: { ...worker, ask: 1n } },
      { prover, perform: lazy },
    ),
    world.start("good", { roles: ["aggregator"], worker }, { prover }),
    world.start("prover", { roles: ["prover"], worker }, { prover }),
  ]);
  await until(() => count(broker, "admitted") === 3, "three admitted peers");
  const updates = await run({ world, broker });
  expect(updates.at(-1)!.event.kind).toBe("done");
  const paid = of(updates, "paid").filter(({ task }) => task === "compress");
  expect(paid.map(({ peer }) => peer)).toEqual([good.peer]);
  expect(of(updates, "rejected")).toContainEqual(
    expect.objectContaining({ task: "compress", peer: bad.peer }),
  );
});

test("a bidder that never opens its bid gets nothing, and the others go on", async () => {
  const sealed: NodeParts["board"] = (board) => ({
    ...board,
    post: (kind, content) =>
      kind === "BidReveal" ? new Promise(() => {}) : board.post(kind, content),
  });
  const { bad, ...rest } = await network({ board: sealed }, { auction: { revealMs: 200 } });
  const updates = await run(rest);
  expect(updates.at(-1)!.event.kind).toBe("done");
  const offences = rest.broker.events.flatMap((event) =>
    event.kind === "offence" && event.peer === bad.peer ? [event.offence] : [],
  );
  expect(offences).toContain("no-reveal");
  expect(count(bad, "bid")).toBeGreaterThan(0);
  expect(of(updates, "leased").some(({ peer }) => peer === bad.peer)).toBe(false);
});

test("a winner that never delivers loses its lease to another", async () => {
  const idle: Perform = (_, { signal }) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(new ProverError("ABORTED", "stopped"))),
    );
  const { bad, ...rest } = await network({ perform: idle }, { job: { leaseMs: 700 } });
  const updates = await run(rest);
  expect(updates.at(-1)!.event.kind).toBe("done");
  const blamed = of(updates, "blamed");
  expect(blamed[0]).toMatchObject({ peer: bad.peer });
  expect(["STALLED", "EXPIRED"]).toContain(blamed[0]!.reason);
  expect(of(updates, "paid").some(({ peer }) => peer === bad.peer)).toBe(false);
});

test("a prover that dies is replaced from its last checkpoint, also by one that cannot fetch that at once, and paid for what it did", async () => {
  const slow = toyProver(150); // it must still be at work when the news of its checkpoint has gone round
  let failures = 0;
  const unlucky: Perform = (context, task) => {
    if (task.lease.resume === undefined || failures++ > 0) return perform(context, task);
    throw new NetworkError("NOT_FOUND", "its holders are busy");
  };
  const { world, broker, bad, good } = await network(
    { prover: slow },
    { job: { graceMs: 200 } },
    { checkpointMs: 0, perform: unlucky },
  );
  const client = await world.client(broker);
  const { job } = await client.submit(request(24));
  const updates: JobUpdate[] = [];
  let stopping: Promise<void> | undefined;
  for await (const update of client.watch(job)) {
    updates.push(update);
    const { event } = update;
    if (event.kind === "checkpoint" && event.peer === bad.peer) stopping ??= world.stop(bad);
  }
  await stopping;
  expect(updates.at(-1)!.event.kind).toBe("done");
  const { task } = of(updates, "checkpoint").find(({ peer }) => peer === bad.peer)!;
  const paid = of(updates, "paid").filter((each) => each.task === task);
  expect(paid.length).toBeGreaterThan(1);
  expect(paid[0]!.peer).toBe(bad.peer);
  expect(paid[1]!.peer).toBe(good.peer);
  expect(failures).toBeGreaterThan(1);
  const blamed = of(updates, "blamed").filter(({ peer }) => peer === good.peer);
  expect(blamed.map(({ reason }) => reason)).toEqual(["REFUSED"]);
  expect(paid[0]!.range.end).toBe(paid[1]!.range.start);
});

test.each<[string, NodeParts["board"], string]>([
  [
    "signs two awards for one auction",
    (board) => ({
      ...board,
      async post(kind, content) {
        const message = await board.post(kind, content);
        if (kind === "Award") await board.post("Award", { ...(content as Award), lots: [] });
        return message;
      },
    }),
    "equivocation",
  ],
  [
    "awards a lot to another than the best bidder",
    (board) => ({
      ...board,
      post: (kind, content) => board.post(kind, kind === "Award" ? withoutLots(content) : content),
    }),
    "wrong-award",
  ],
])("a broker that %s is convicted by everybody who saw it", async (_, board, charge) => {
  const world = await createWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const prover = toyProver();
  const broker = await world.start(
    "broker",
    { roles: ["broker"], broker: { stepsPerLeaf: 1 } },
    { prover, board },
  );
  const members = await Promise.all(
    ["prover-1", "prover-2"].map((name) =>
      world.start(name, { roles: ["prover"], worker: { overheadMs: 100 } }, { prover }),
    ),
  );
  await until(() => count(broker, "admitted") === 2, "two admitted peers");
  const client = await world.client(broker);
  await client.submit(request());
  const evidence = { kind: "evidence", accused: broker.peer, charge };
  for (const { events, name } of members) {
    await until(() => events.some(({ kind }) => kind === "evidence"), `evidence at ${name}`);
    expect(events.find(({ kind }) => kind === "evidence")).toMatchObject(evidence);
  }
});

const withoutLots = <T>(content: T): T => ({ ...content, lots: [] });
