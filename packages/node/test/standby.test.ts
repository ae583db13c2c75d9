// A job whose broker stays away is taken over by the standby that its order names; the proofs are toys, everything around them is real.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Bundle, Client, JobEvent, JobUpdate, Submitted } from "@foldmesh/client";
import { readBundle } from "@foldmesh/client/node";
import { programDir } from "@foldmesh/programs";
import { type Network, createNetwork } from "@foldmesh/network";
import { encodeCanonical, signMessage } from "@foldmesh/protocol";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import type { NodeConfig } from "../src/index.ts";
import type { NodeParts } from "../src/node.ts";
import { LEAD, LEASE, LOG, candidacy, logRequest } from "../src/methods.ts";
import { toyProver } from "./toy-prover.ts";
import { type Member, type World, all, createWorld, until } from "./world.ts";

let bundle: Bundle;
beforeAll(async () => {
  bundle = await readBundle(programDir("minroot"));
});

const SOON = 1_500;
/** A loaded machine takes its time. */
const PATIENT = { patienceMs: 60_000 };

const request = (count: number) => ({
  program: bundle,
  input: { z0: [1n, 2n, 0n], count },
  maxPrice: 1_000_000n,
  deadline: Date.now() + 60_000,
});

const count = ({ events }: Member, kind: string): number =>
  events.filter((event) => event.kind === kind).length;

const of = <K extends JobEvent["kind"]>(updates: readonly JobUpdate[], kind: K) =>
  updates.flatMap(({ event }) =>
    event.kind === kind ? [event as Extract<JobEvent, { kind: K }>] : [],
  );

interface Town {
  readonly world: World;
  readonly brokers: readonly Member[];
  readonly workers: readonly Member[];
  readonly client: Client;
}

type BrokerConfig = NonNullable<NodeConfig["broker"]> & { readonly board?: NodeParts["board"] };

const WORKER = { overheadMs: 100, maxConcurrent: 2, checkpointMs: 100 };
/** What a toy node of minroot, whose state is of three elements, takes. */
const NODE_BYTES = 320;

/** Somebody through whom the others find each other, brokers, a prover and an aggregator. */
async function town(leafMs: number, ...configs: readonly BrokerConfig[]): Promise<Town> {
  const world = await createWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const prover = toyProver(leafMs);
  const worker = WORKER;
  const aggregator = await world.start("aggregator", { roles: ["aggregator"], worker }, { prover });
  const good = await world.start("prover", { roles: ["prover"], worker }, { prover });
  const candidates: Member[] = [];
  for (const [i, { board, ...config }] of configs.entries()) {
    const broker = { stepsPerLeaf: 1, restMs: 300, absentMs: SOON, ...config };
    const member = { roles: ["broker"], store: "disk", broker } as const;
    candidates.push(await world.start(`broker-${i}`, member, { prover, ...(board && { board }) }));
  }
  await until(
    () => candidates.every((each) => count(each, "admitted") === 2),
    "workers admitted everywhere",
  );
  const client = await world.client(candidates[0]!, PATIENT);
  return { world, brokers: candidates, workers: [good, aggregator], client };
}

/** Orders a job once its broker knows others to stand by. */
async function order({ client, brokers }: Town, leaves: number): Promise<Submitted> {
  for (;;) {
    const order = await client.submit(request(leaves));
    if (order.standbys.length === brokers.length - 1) return order;
    await client.cancel(order.job);
  }
}

test("a broker that is killed in the middle of a job: its standby goes on with the leases that run, and the dApp gets its proof", async () => {
  const it = await town(150, {}, {});
  const { world, client } = it;
  const [broker, standby] = it.brokers as [Member, Member];
  const { job } = await order(it, 16);
  const updates: JobUpdate[] = [];
  let stopping: Promise<void> | undefined;
  for await (const update of client.watch(job)) {
    updates.push(update);
    const checkpoints = of(updates, "checkpoint").length; // by the third the standby knows of the leases
    if (checkpoints === 3) stopping ??= world.stop(broker);
  }
  await stopping;
  expect(of(updates, "taken-over").at(-1)).toMatchObject({ broker: standby.peer });
  expect(updates.at(-1)!.event.kind).toBe("done");
  expect((await client.result(job)).length).toBeGreaterThan(0);
  const paid = of(updates, "paid").filter(({ task }) => task.startsWith("prove:"));
  expect(paid.some(({ epoch }) => epoch < 1_000_000)).toBe(true); // under a lease of the first broker
  const back = await world.start(
    "broker-0",
    {
      roles: ["broker"],
      store: "disk",
      broker: { absentMs: SOON },
      bootstrap: standby.addresses,
    },
    { prover: toyProver() },
  );
  await until(() => back.status().jobs.at(-1)?.phase === "done", "the end, told to who was away");
  expect(count(back, "job")).toBe(0); // it did nothing of the job
}, 120_000);

/** Its receipts reach nobody: as of a broker whose power goes off when it has written a payment down. */
const mute: NodeParts["board"] = (board) => ({
  ...board,
  repost: (message) =>
    message.kind === "Receipt" ? Promise.reject(new Error("no power")) : board.repost(message),
});

test("a broker that dies while it pays: its standby leaves the paying to it, and everybody is paid once", async () => {
  const it = await town(50, { board: mute }, {});
  const { world, client, workers } = it;
  const [broker, standby] = it.brokers as [Member, Member];
  const { job } = await order(it, 8);
  const watched = all(client.watch(job));
  await until(() => count(broker, "handler-failed") > 0, "the first payments");
  await world.stop(broker);
  const updates = await watched;
  const owed = of(updates, "owed");
  const end = of(updates, "done").at(-1)!;
  expect(end).toMatchObject({ payer: broker.peer });
  expect(owed.reduce((sum, { amount }) => sum + amount, 0n)).toBe(end.paid);
  expect(of(updates, "paid")).toEqual([]);
  const { balances, escrowed } = standby.status().books!;
  expect(balances.filter(({ amount }) => amount > 0n).map(({ peer }) => peer)).toEqual([
    client.peer,
  ]);
  expect(escrowed).toBe(0n);
  const receipts = () =>
    workers.flatMap(({ events }) => events.filter((event) => event.kind === "receipt"));
  expect(receipts()).toEqual([]);
  const config = { roles: ["broker"], store: "disk", bootstrap: standby.addresses } as const;
  const back = await world.start("broker-0", config, { prover: toyProver() });
  await until(() => receipts().length === owed.length, "receipts of who was away");
  const slots = receipts().map(({ task, epoch, amount }) => `${task}@${epoch} ${amount}`);
  expect(slots.toSorted()).toEqual(owed.map((o) => `${o.task}@${o.epoch} ${o.amount}`).toSorted());
  expect(receipts().every(({ from }) => from === broker.peer)).toBe(true);
  await until(() => back.status().jobs.at(-1)?.phase === "done", "the end of the job there");
  const sum = (all: readonly { readonly amount: bigint }[]): bigint =>
    all.reduce((total, { amount }) => total + amount, 0n);
  expect(sum(back.status().books!.balances.filter(({ peer }) => peer !== client.peer))).toBe(
    end.paid,
  );
  expect(back.status().books!.escrowed).toBe(0n);
}, 120_000);

test("a broker that dies together with its prover: the standby has the checkpoint, and another prover goes on from there", async () => {
  const it = await town(400, { job: { graceMs: 200 } }, { job: { graceMs: 200 } });
  const { world, client } = it;
  const [broker, standby] = it.brokers as [Member, Member];
  const [dying] = it.workers as [Member];
  const { job } = await order(it, 16);
  const updates: JobUpdate[] = [];
  const hasCheckpoint = (): boolean =>
    readdirSync(join(standby.dataDir, "store", "blobs"), { recursive: true }).some((name) =>
      String(name).endsWith(`.${NODE_BYTES}`),
    );
  let dies: Promise<unknown> | undefined;
  for await (const update of client.watch(job)) {
    updates.push(update);
    if (update.event.kind !== "checkpoint") continue;
    dies ??= until(hasCheckpoint, "a second copy").then(async () => {
      await Promise.all([world.stop(broker), world.stop(dying)]);
      const prover = toyProver(5);
      await world.start("prover-2", { roles: ["prover"], worker: WORKER }, { prover });
    });
  }
  await dies;
  expect(updates.at(-1)!.event.kind).toBe("done");
  const paid = of(updates, "paid").filter(({ peer }) => peer === dying.peer);
  const { task, range } = paid.find((each) => each.task.startsWith("prove:"))!;
  const rest = of(updates, "paid").find((each) => each.task === task && each.peer !== dying.peer);
  expect(rest!.range.start).toBe(range.end);
}, 120_000);

test("a broker that answers is not deposed by a standby that cannot wait; both have the proof; nobody else gets the log, or leads", async () => {
  const it = await town(50, { absentMs: 60_000 }, { absentMs: 100 });
  const { client, workers } = it;
  const [broker, standby] = it.brokers as [Member, Member];
  const { job } = await order(it, 16);
  const stranger = await createNetwork({
    privateKey: crypto.getRandomValues(new Uint8Array(32)),
    directory: "client",
    reach: "local",
    topics: [],
  });
  onTestFinished(() => stranger.stop());
  await refusedTo(stranger, job, [broker, standby], workers[0]!);
  const updates = await all(client.watch(job));
  expect(updates.at(-1)!.event.kind).toBe("done");
  expect(of(updates, "taken-over")).toEqual([]);
  await until(() => phases(standby).includes("done"), "the end, told to the standby");
  await it.world.stop(broker);
  expect((await client.result(job)).length).toBeGreaterThan(0);
}, 120_000);

const phases = (member: Member): string[] => member.status().jobs.map(({ phase }) => phase);

/** Nobody whom the order does not name gets a job's log, or becomes its leader. */
async function refusedTo(
  stranger: Network,
  job: string,
  candidates: readonly Member[],
  worker: Member,
): Promise<void> {
  const claim = encodeCanonical(candidacy, { job, term: 9, logTerm: 9, entries: 0 });
  const asked = encodeCanonical(logRequest, { job, from: 0 });
  for (const { addresses, peer } of candidates) {
    await stranger.dial(addresses[0]!);
    const refused = { name: "RequestRefused", code: "NOT_NAMED" };
    await expect(stranger.call(peer, LEAD, claim)).rejects.toMatchObject(refused);
    await expect(stranger.call(peer, LOG, asked)).rejects.toMatchObject(refused);
  }
  await stranger.dial(worker.addresses[0]!);
  const content = { job, term: 9, expires: Date.now() + 60_000, entries: 0 };
  const { bytes } = await signMessage(stranger.signer, "BrokerLease", content);
  const notNamed = { code: "NOT_NAMED" };
  await expect(stranger.call(worker.peer, LEASE, bytes)).rejects.toMatchObject(notNamed);
  expect(worker.events.some(({ kind }) => kind === "work-stopped")).toBe(false);
}
