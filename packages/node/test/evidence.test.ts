// What proves a cheat: made by who sees it, kept as a file, told to all, and checked offline.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBundle } from "@foldmesh/client/node";
import type { Bundle } from "@foldmesh/client";
import { type Network, createNetwork } from "@foldmesh/network";
import { programDir } from "@foldmesh/programs";
import { type Award, equivocation, signMessage } from "@foldmesh/protocol";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { listEvidence, verifyEvidence } from "../src/index.ts";
import { createArchive } from "../src/evidence/archive.ts";
import { decodeDossier, encodeDossier } from "../src/evidence/dossier.ts";
import type { NodeParts } from "../src/node.ts";
import { MARKET_TOPIC, TOPICS } from "../src/topics.ts";
import { type Perform, perform } from "../src/worker/tasks.ts";
import { falsified, toyProver } from "./toy-prover.ts";
import { type Member, type World, all, createWorld, until } from "./world.ts";

let bundle: Bundle;
beforeAll(async () => {
  bundle = await readBundle(programDir("minroot"));
});

async function newWorld(): Promise<World> {
  const world = await createWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  return world;
}

const check = async (file: Uint8Array, withProgram = true) => {
  const prover = toyProver();
  const { signal } = new AbortController();
  return verifyEvidence({
    file,
    bundle: withProgram ? bundle : undefined,
    threads: 1,
    cacheDir: "unused",
    signal,
    openSession: prover!.openSession,
  });
};

async function evidenceAt(member: Member): Promise<Uint8Array> {
  let files: Awaited<ReturnType<typeof listEvidence>> = [];
  const look = async (): Promise<void> => void (files = await listEvidence(member.dataDir));
  await until(() => (void look(), files.length > 0), `a file of evidence at ${member.name}`);
  return new Uint8Array(await readFile(files[0]!.path));
}

/** The first check of a falsified node misses it: only what is made of it shows the fault. */
function carelessProver(): ReturnType<typeof toyProver> {
  const prover = toyProver();
  return {
    ...prover,
    openSession: async (request) => {
      const session = await prover.openSession(request);
      const seen = new Set<string>();
      return {
        ...session,
        async verify(task, options) {
          const result = await session.verify(task, options);
          const name = task.node.join();
          if (result.failures.join() !== "u: relation" || seen.has(name)) return result;
          seen.add(name);
          return task.expected.j === task.expected.i + 1n ? { ...result, failures: [] } : result;
        },
      };
    },
  };
}

test("a wrong root is traced down the tree to the prover of the first wrong node, and the file proves it", async () => {
  const world = await newWorld();
  const prover = carelessProver();
  const worker = { overheadMs: 100, maxConcurrent: 4 };
  const lie: Perform = async (context, task) => falsified(await perform(context, task));
  const broker = await world.start(
    "broker",
    {
      roles: ["broker"],
      broker: { stepsPerLeaf: 1, restMs: 300, maxLeavesPerShard: 1, compress: false },
    },
    { prover },
  );
  const [bad, , aggregator] = await Promise.all([
    world.start(
      "bad",
      { roles: ["prover"], worker: { ...worker, ask: 1n } },
      { prover, perform: lie },
    ),
    world.start("good", { roles: ["prover"], worker }, { prover }),
    world.start("aggregator", { roles: ["aggregator"], worker }, { prover }),
  ]);
  await until(
    () => broker.events.filter(({ kind }) => kind === "admitted").length === 3,
    "three admitted peers",
  );
  const client = await world.client(broker);
  const { job } = await client.submit({
    program: bundle,
    input: { z0: [1n, 2n, 0n], count: 2 },
    maxPrice: 1_000_000n,
    deadline: Date.now() + 60_000,
  });
  const updates = await all(client.watch(job));
  expect(updates.at(-1)!.event.kind).toBe("done");
  const blamed = updates.flatMap(({ event }) => (event.kind === "blamed" ? [event] : []));
  expect(blamed.map(({ peer }) => peer)).not.toContain(aggregator.peer);
  expect(blamed).toContainEqual(
    expect.objectContaining({ peer: bad.peer, reason: "INVALID_NODE" }),
  );

  const file = await evidenceAt(broker);
  const verdict = await check(file);
  expect(verdict).toMatchObject({ kind: "proven", accused: bad.peer, accuser: broker.peer });
  expect(verdict.kind === "proven" && verdict.facts.join()).toMatch(/prove:\d .*u: relation/);
  expect(await check(file, false)).toMatchObject({ kind: "open" });
  const { message } = decodeDossier(file);
  expect(await check(encodeDossier({ message, blobs: [] }))).toMatchObject({ kind: "open" });
});

test("a stolen node proves the theft: it is right, and somebody else's work", async () => {
  const world = await newWorld();
  const prover = toyProver();
  const theft: Perform = (context, task) => {
    const network = { ...context.network, peer: VICTIM }; // what that peer would make, byte for byte
    return perform({ ...context, network }, task);
  };
  const config = { roles: ["broker"], broker: { stepsPerLeaf: 1, compress: false } } as const;
  const broker = await world.start("broker", config, { prover });
  const worker = { overheadMs: 100 };
  const thief = await world.start(
    "thief",
    { roles: ["prover"], worker },
    { prover, perform: theft },
  );
  await until(() => broker.events.some(({ kind }) => kind === "admitted"), "an admitted peer");
  const client = await world.client(broker);
  const input = { z0: [1n, 2n, 0n], count: 2 };
  const deadline = Date.now() + 60_000;
  const { job } = await client.submit({ program: bundle, input, maxPrice: 1_000_000n, deadline });
  const verdict = await check(await evidenceAt(broker));
  expect(verdict).toMatchObject({ kind: "proven", accused: thief.peer });
  expect(verdict.kind === "proven" && verdict.facts.join()).toMatch(/prove:0 .*statement: pid/);
  await client.cancel(job);
});

const VICTIM = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

const award = (auction: string, lots: Award["lots"]): Award => ({
  auction,
  lots,
  digest: "11".repeat(32),
});
const AUCTION = "bafkreifxkh4qudmk7bcsqn2ynjx4j2p7gqusw7wpbylp6kxzecwnqh3mce";

async function stranger(seed: number): Promise<Network> {
  const network = await createNetwork({
    privateKey: new Uint8Array(32).fill(seed),
    listen: [],
    directory: "client",
    reach: "local",
    topics: TOPICS,
  });
  onTestFinished(() => network.stop());
  return network;
}

test("two awards that were told to two halves of a network meet when those do", async () => {
  const world = await newWorld();
  const heard: string[] = [];
  const hearing = (name: string): Partial<NodeParts> => ({
    board: (board) => {
      board.listen(({ kind }) => heard.push(`${kind} at ${name}`));
      return board;
    },
  });
  const start = (name: string, bootstrap: readonly string[]): Promise<Member> =>
    world.start(name, { roles: [], bootstrap }, hearing(name));
  const [left, right] = await Promise.all([start("left", []), start("right", [])]);
  // one broker as two processes: the same key, each side shown another award
  const tell = async (to: Member, lots: Award["lots"]): Promise<string> => {
    const twin = await stranger(7);
    await twin.dial(to.addresses[0]!);
    await until(() => twin.gossip.subscribers(MARKET_TOPIC).length > 0, "a listener");
    const { bytes } = await signMessage(twin.signer, "Award", award(AUCTION, lots));
    await twin.gossip.publish(MARKET_TOPIC, bytes);
    await until(() => heard.includes(`Award at ${to.name}`), `the award at ${to.name}`);
    await twin.stop();
    return twin.peer;
  };
  const accused = await tell(left, []);
  await tell(right, [{ lot: 0, peer: left.peer, price: 1n }]);
  for (const { events } of [left, right]) {
    expect(events.some(({ kind }) => kind === "evidence")).toBe(false);
  }
  const bridge = await start("bridge", [left.addresses[0]!, right.addresses[0]!]);
  for (const member of [bridge, left, right]) {
    await until(
      () => member.events.some(({ kind }) => kind === "evidence"),
      `evidence at ${member.name}`,
    );
    const verdict = await check(await evidenceAt(member), false);
    expect(verdict).toMatchObject({ kind: "proven", charge: "equivocation", accused });
  }
});

test("however many keys convict themselves, what a node has found out itself stays in its archive", async () => {
  const directory = await mkdtemp(join(tmpdir(), "foldmesh-archive-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const [us, ...others] = await Promise.all([11, 12, 13, 14].map(stranger));
  const archive = createArchive(directory, us!.peer, { bytes: 2 ** 20, files: 2 });
  for (const { signer } of [us!, ...others]) {
    const one = await signMessage(signer, "Award", award(AUCTION, []));
    const two = await signMessage(
      signer,
      "Award",
      award(AUCTION, [{ lot: 0, peer: us!.peer, price: 1n }]),
    );
    await archive.keep(await signMessage(signer, "Evidence", equivocation(one, two)));
  }
  const accusers = (await listEvidence(directory)).map(({ accuser }) => accuser);
  expect(accusers).toHaveLength(2);
  expect(accusers).toContain(us!.peer);
});

test("a file that proves nothing says why, and one that is no evidence is refused", async () => {
  const { signer } = await stranger(8);
  const one = await signMessage(signer, "Award", award(AUCTION, []));
  const two = await signMessage(signer, "Award", award(AUCTION.replace("fxkh", "fxkj"), []));
  const charge = await signMessage(signer, "Evidence", equivocation(one, two));
  const file = encodeDossier({ message: charge.bytes, blobs: [] });
  expect(await check(file)).toMatchObject({
    kind: "not-proven",
    reason: expect.stringContaining("contradict"),
  });
  await expect(check(file.subarray(1))).rejects.toMatchObject({ name: "ProtocolError" });
});
