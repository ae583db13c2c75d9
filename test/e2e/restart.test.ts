// Nothing is lost: whoever is killed in the middle of a job goes on from its data directory.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, MINROOT, type Place, makePlace } from "./cli.ts";
import {
  type Daemon,
  admitted,
  kill,
  startBroker,
  startBrokerAgain,
  startMember,
} from "./network.ts";

/** Twelve leaves: some seconds of work. */
const STEPS = 24;

let place: Place;
let broker: Daemon;
let members: Daemon[];

beforeAll(async () => {
  place = await makePlace();
  const input = { z0: ["1", "2", "0"], count: STEPS };
  await writeFile(join(place.path, "input.json"), JSON.stringify(input));
  await writeFile(join(place.path, "prover.json"), '{"checkpointMs": 1}');
  broker = await startBroker(place);
  members = await Promise.all([
    startMember(place, broker, "aggregator", "aggregator"),
    startProver("prover-1"),
    startProver("prover-2"),
  ]);
  await admitted(broker, 3);
});
afterAll(() => place[Symbol.asyncDispose]());

/** One that makes checkpoints as often as it may. */
const startProver = (name: string): Promise<Daemon> =>
  startMember(place, broker, "prover", name, "--config", "prover.json");

const prove = (out: string, ...more: readonly string[]) => {
  const job = ["--program", MINROOT, "--input", "input.json", "--out", out];
  const network = ["--dial", broker.address, "--deadline", "170s"];
  return place.start("prove", ...job, ...network, ...more, "--json");
};

interface Receipt {
  readonly job: string;
  readonly task: string;
  readonly epoch: number;
  readonly amount: string;
}

/** What the members have written down. */
async function receiptsOf(job: string): Promise<Receipt[]> {
  const files = members.map(({ name }) => join(place.path, name, "receipts.jsonl"));
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => "")));
  const lines = texts.join("").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Receipt).filter((each) => each.job === job);
}

/** The proof is right, and every piece of the work was paid exactly once. */
async function expectProvedAndPaidOnce(finished: Finished, out: string): Promise<void> {
  expect(finished.code, finished.stderr).toBe(0);
  const { job, paid } = JSON.parse(finished.stdout) as { job: string; paid: string };
  const statement = ["--z0", "1,2,0", "--steps", String(STEPS)];
  const verified = await place.run("verify", "-p", MINROOT, "-f", out, ...statement);
  expect(verified.stdout).toMatch(/^valid /);
  const sumOf = (receipts: readonly Receipt[]): bigint =>
    receipts.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  await expect.poll(async () => String(sumOf(await receiptsOf(job)))).toBe(paid);
  const slots = (await receiptsOf(job)).map(({ task, epoch }) => `${task}@${epoch}`);
  expect(new Set(slots).size).toBe(slots.length);
  expect(slots.length).toBeGreaterThan(3);
}

/** Until its log tells that of the job. */
const logged = (daemon: Daemon, event: string, job: string, more: string = ""): Promise<void> =>
  daemon.said(new RegExp(`info +${event} +job=…${job.slice(-8)}${more}`));

describe("a network of processes", () => {
  it("whose broker is killed in the middle and started again finishes the job", async () => {
    const job = prove("a.proof");
    await job.said(/works on shard[^]*works on shard/);
    await kill(broker);
    broker = await startBrokerAgain(place, broker);
    expect(broker.output()).toMatch(/info +job-resumed .*phase=running/);
    await expectProvedAndPaidOnce(await job.finished, "a.proof");
  }, 180_000);

  it("whose prover is killed after a checkpoint, and whose aggregator is killed at a merge, goes on when they are there again", async () => {
    const job = prove("b.proof");
    await job.said(/works on shard[^]*works on shard/);
    const [, short] = /^…(\w+) works on shard/m.exec(job.output())!;
    const victim = members.find(({ peer }) => peer.endsWith(short!))!;
    const [, name] = /^order: (\w+)$/m.exec(job.output())!;
    await logged(victim, "checkpointed", name!);
    await kill(victim);
    const again = await startProver(victim.name);
    expect(again.peer).toBe(victim.peer);
    expect(again.output()).toMatch(/info +lease-resumed .*state=working done=\d/);
    const [aggregator] = members;
    await logged(aggregator!, "work-started", name!, ".* work=merge");
    await kill(aggregator!);
    await startMember(place, broker, "aggregator", "aggregator");
    await expectProvedAndPaidOnce(await job.finished, "b.proof");
  }, 180_000);

  it("whose broker never comes back finishes the job under its standby, where a dApp that is killed too finds it", async () => {
    const standby = await startBroker(place, "standby", { bootstrap: [broker.address] });
    await admitted(standby, 3);
    const asked = ["c.proof", "--data", "dapp", "--request", "c"] as const;
    const job = prove(...asked);
    await job.said(/works on shard[^]*works on shard/);
    expect(standby.output()).toMatch(/info +job-followed/);
    job.child.kill("SIGKILL");
    await kill(broker);
    const finished = await prove(...asked).finished;
    await expectProvedAndPaidOnce(finished, "c.proof");
    expect(JSON.parse(finished.stdout)).toMatchObject({ takenOverBy: standby.peer });
  }, 180_000);
});
