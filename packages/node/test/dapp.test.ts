// A dApp and its broker, in a network whose proofs are toys: everything around them is real.

import {
  type Bundle,
  type Client,
  ClientError,
  type JobRequest,
  connect,
  elementToHex,
  encodeBundle,
} from "@foldmesh/client";
import { decodeCanonical, encodeCanonical } from "@foldmesh/protocol";
import { readBundle } from "@foldmesh/client/node";
import { createNetwork } from "@foldmesh/network";
import { minroot, programDir } from "@foldmesh/programs";
import { decodeProof } from "@foldmesh/prover";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { decodeEntry } from "@foldmesh/jobs";
import type { JobJournal } from "../src/journal.ts";
import type { JobRecord } from "../src/keep/records.ts";
import { VERIFY, verdictCodec, verifyRequest } from "../src/methods.ts";
import { decode, decompressed, toyProver } from "./toy-prover.ts";
import { type Member, type World, all, createWorld, kinds, until } from "./world.ts";

let world: World;
let bundle: Bundle;
let broker: Member;
let client: Client;

const records = new Map<string, JobRecord>();
const written: [job: string, entry: Uint8Array][] = [];
let diskIsFull = false;
const journal = (inner: JobJournal): JobJournal => ({
  ...inner,
  put(job, record, ...more) {
    records.set(job, record);
    return inner.put(job, record, ...more);
  },
  async append(job, entry) {
    if (diskIsFull) throw new Error("no space left");
    written.push([job, entry]);
    await inner.append(job, entry);
  },
  async end(job, record, update, ...more) {
    if (diskIsFull) throw new Error("no space left");
    records.set(job, record);
    await inner.end(job, record, update, ...more);
  },
});

const z0 = [1n, 2n, 0n] as const;
const request = (change: Partial<JobRequest> = {}): JobRequest => ({
  program: bundle,
  input: { z0, count: 6 },
  maxPrice: 1_000_000n,
  deadline: Date.now() + 30_000,
  ...change,
});

beforeAll(async () => {
  world = await createWorld();
  bundle = await readBundle(programDir("minroot"));
  const prover = toyProver(20);
  const worker = { overheadMs: 100, maxConcurrent: 2 };
  const desk = { stepsPerLeaf: 1, maxJobs: 3 };
  broker = await world.start("broker", { roles: ["broker"], broker: desk }, { prover, journal });
  await Promise.all([
    world.start("prover-1", { roles: ["prover"], worker }, { prover }),
    world.start("prover-2", { roles: ["prover"], worker }, { prover }),
    world.start("aggregator", { roles: ["aggregator"], worker }, { prover }),
  ]);
  await until(
    () => broker.events.filter(({ kind }) => kind === "admitted").length === 3,
    "three admitted peers",
  );
  client = await world.client(broker);
}, 30_000);

afterAll(() => world[Symbol.asyncDispose]());

const refused = async (action: Promise<unknown>): Promise<ClientError> => {
  const error: unknown = await action.then(
    () => new Error("it was not refused"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ClientError);
  return error as ClientError;
};

describe("a dApp", () => {
  test("runs two jobs at once, each to its own proof", async () => {
    const inputs = [z0, [3n, 4n, 0n] as const];
    const jobs = await Promise.all(
      inputs.map((each) => client.submit(request({ input: { z0: each, count: 6 } }))),
    );
    const proofs = await Promise.all(jobs.map(({ job }) => client.result(job)));
    proofs.forEach((proof, i) => {
      const { zIn, zOut } = decode(decompressed(decodeProof(proof).body));
      expect(zIn).toEqual(inputs[i]);
      expect(zOut).toEqual(minroot(inputs[i]!, 6));
    });
  });

  test("that goes away and asks again with its key and id finds its job", async () => {
    const privateKey = crypto.getRandomValues(new Uint8Array(32));
    const id = "ab".repeat(32);
    const before = await world.client(broker, { privateKey });
    const first = await before.submit(request({ id }));
    await before.close();
    const after = await world.client(broker, { privateKey });
    const again = await after.submit(request({ id, deadline: Date.now() + 40_000 }));
    expect(again).toMatchObject({ job: first.job, deadline: first.deadline });
    const updates = await all(after.watch(again.job));
    expect(updates.map(({ sequence }) => sequence)).toEqual(updates.map((_, i) => i));
    expect(kinds(updates)[0]).toBe("accepted");
    expect(kinds(updates).at(-1)).toBe("done");
    const other = await refused(after.submit(request({ id, input: { z0, count: 3 } })));
    expect(other).toMatchObject({ code: "REFUSED", reason: "ID_REUSED" });
  });

  test("watches on from where it stopped", async () => {
    const { job } = await client.submit(request());
    const updates = await all(client.watch(job));
    const rest = await all(client.watch(job, { from: 3 }));
    expect(rest).toEqual(updates.slice(3));
  });

  test("waits for a broker that is still taking its jobs up", async () => {
    const isTakingUp = Promise.withResolvers<void>();
    const port = 20_000 + (process.pid % 10_000);
    const config = { roles: ["broker"], listen: [`/ip4/127.0.0.1/tcp/${port}`] } as const;
    const starting = world.start("slow", config, {
      prover: toyProver(),
      journal: (inner) => ({
        ...inner,
        all: () => isTakingUp.promise.then(() => inner.all()),
      }),
    });
    const dial = `/ip4/127.0.0.1/tcp/${port}`;
    const notYet = (error: { code: string }): undefined => {
      expect(error.code).toBe("UNREACHABLE"); // it does not listen yet
    };
    let early: Client | undefined;
    while (early === undefined) early = await connect({ dial }).catch(notYet);
    isTakingUp.resolve();
    await starting;
    await early.close();
  });

  test("calls its job off, and nobody else's", async () => {
    const { job } = await client.submit(request({ input: { z0, count: 400 } }));
    const stranger = await world.client(broker);
    const not = await refused(stranger.cancel(job));
    expect(not).toMatchObject({ code: "REFUSED", reason: "UNKNOWN_JOB" });
    expect(await refused(all(stranger.watch(job)))).toMatchObject({ reason: "UNKNOWN_JOB" });
    await client.cancel(job);
    const updates = await all(client.watch(job));
    expect(updates.at(-1)!.event).toMatchObject({ kind: "failed", reason: "CANCELLED" });
    const error = await refused(client.result(job));
    expect(error).toMatchObject({ code: "FAILED", reason: "CANCELLED" });
  });

  test("has its proof looked at by a validator, who believes nobody", async () => {
    const prover = toyProver();
    const validator = await world.start("validator", { roles: ["validator"] }, { prover });
    const { job } = await client.submit(request());
    const proof = await client.result(job);
    const peer = await createNetwork({
      privateKey: crypto.getRandomValues(new Uint8Array(32)),
      directory: "client",
      reach: "local",
      topics: [],
    });
    onTestFinished(() => peer.stop());
    await peer.dial(validator.addresses[0]!);
    const file = { proof: await peer.blobs.add(proof), bytes: proof.length };
    const program = await peer.blobs.add(encodeBundle(bundle));
    const ask = async (zn: readonly bigint[]) => {
      const states = { z0: z0.map(elementToHex), zn: zn.map(elementToHex) };
      const asked = encodeCanonical(verifyRequest, { program, ...file, ...states, steps: 6 });
      const reply = await peer.call(validator.peer, VERIFY, asked);
      return decodeCanonical(verdictCodec, reply, "verdict").failures;
    };
    expect(await ask(minroot(z0, 6))).toEqual([]);
    expect(await ask(minroot(z0, 5))).toEqual(["statement: z'"]);
  });

  test("leaves nothing of its jobs at the broker but their proofs", async () => {
    const isOver = () => broker.status().jobs.every(({ phase }) => phase !== "running");
    await until(isOver, "the end of all jobs");
    const proofs = broker.status().jobs.filter(({ phase }) => phase === "done").length;
    const program = 2_000_000; // the bundle itself is kept for provers
    expect(broker.status().blobs).toBeLessThan(program + proofs * 1000);
  });
});

/** What a job did not need goes back to its requester, however it ended. */
const expectNothingSetAside = (): Promise<void> =>
  until(() => broker.status().books?.escrowed === 0n, "the rest given back");

describe("a broker writes down what happens to a job", () => {
  test("before it acts on it", async () => {
    const { job } = await client.submit(request());
    await all(client.watch(job));
    expect(records.get(job)).toMatchObject({
      size: { stepsPerLeaf: 1 },
      plan: { begun: expect.any(Number) },
    });
    const entries = written.filter(([of]) => of === job).map(([, entry]) => decodeEntry(entry));
    const events = entries.map(({ event }) => event.kind);
    expect(events.filter((kind) => kind === "awarded").length).toBeGreaterThan(2);
    expect(events.slice(-2)).toEqual(["judged", "settling"]);
    const times = entries.map(({ at }) => at);
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
  });

  test("or gives the job up when it cannot", async () => {
    diskIsFull = true;
    const { job } = await client.submit(request());
    const error = await refused(client.result(job));
    expect(error).toMatchObject({ code: "FAILED", reason: "JOURNAL" });
    expect(error.message).toMatch(/its disk may be full/);
    expect(records.get(job)?.result.kind).toBe("running");
    diskIsFull = false; // a job that was told to have failed must not come to life again at the next start
    await until(() => records.get(job)?.result.kind === "failed", "the end written down");
    await expectNothingSetAside();
  });
});

describe("one sentence says what is wrong:", () => {
  test.each<[string, Partial<JobRequest>, string, RegExp]>([
    ["a price cap too low", { maxPrice: 3n }, "PRICE", /costs at least \d+ .* cap is 3: raise/],
    ["a deadline too near", { deadline: Date.now() }, "EXPIRED", /deadline/],
    ["z0 of another size", { input: { z0: [1n], count: 2 } }, "INPUT", /z0 has 1 elements/],
  ])("%s", async (_, change, reason, sentence) => {
    const error = await refused(client.submit(request(change)));
    expect(error).toMatchObject({ code: "REFUSED", reason });
    expect(error.message).toMatch(sentence);
  });

  test("a program whose files are not what its manifest says", async () => {
    const files = { ...bundle.files, "step.wasm": new Uint8Array([0, 97, 115, 109]) };
    const error = await refused(client.submit(request({ program: { ...bundle, files } })));
    expect(error).toMatchObject({ code: "REFUSED", reason: "PROGRAM" });
    expect(error.message).toMatch(/step\.wasm is not the file/);
  });

  test("an end that the computation does not reach", async () => {
    const { job } = await client.submit(request({ zn: [1n, 1n, 1n] }));
    const error = await refused(client.result(job));
    expect(error).toMatchObject({ code: "FAILED", reason: "EXECUTION" });
    expect(error.message).toMatch(/ends in \[\d+/);
    await expectNothingSetAside();
  });

  test("inputs that the program refuses", async () => {
    const input = { z0, steps: [{ surprise: 1n }, {}] };
    const { job } = await client.submit(request({ input }));
    expect((await refused(client.result(job))).message).toMatch(/surprise/);
  });

  test("nobody who bids before the deadline", async () => {
    const prover = toyProver();
    const lonely = await world.start(
      "lonely",
      { roles: ["broker"], bootstrap: [], broker: { stepsPerLeaf: 1 } },
      { prover },
    );
    const there = await world.client(lonely);
    const { job } = await there.submit(request({ deadline: Date.now() + 5_000 }));
    const error = await refused(there.result(job));
    expect(error).toMatchObject({ code: "FAILED", reason: "NO_BIDDERS" });
    expect(error.message).toMatch(/nobody bid/);
  });

  test("a peer that is no broker", async () => {
    const peer = await createNetwork({
      privateKey: crypto.getRandomValues(new Uint8Array(32)),
      listen: ["/ip4/127.0.0.1/tcp/0"],
      directory: "server",
      reach: "local",
      topics: [],
    });
    onTestFinished(() => peer.stop());
    const error = await refused(connect({ dial: peer.addresses()[0]! }));
    expect(error).toMatchObject({ code: "NO_BROKER" });
  });

  test("a broker that has gone for good", async () => {
    const prover = toyProver();
    const gone = await world.start("gone", { roles: ["broker"], bootstrap: [] }, { prover });
    const there = await connect({ dial: gone.addresses[0]!, patienceMs: 500 });
    onTestFinished(() => there.close());
    await world.stop(gone);
    const error = await refused(there.quote(request()));
    expect(error).toMatchObject({ code: "UNREACHABLE" });
    expect(error.message).toMatch(/did not answer/);
  });
});
