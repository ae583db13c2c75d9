// What somebody without a job, a lease or a name can make a broker do, say and keep: a network whose proofs are toys.

import {
  type Bundle,
  type Client,
  JOBS,
  QUOTE,
  type JobRequest,
  SUBMIT,
  encodeBundle,
  encodeInput,
  jobName,
  outlines,
} from "@foldmesh/client";
import { readBundle } from "@foldmesh/client/node";
import { type Network, createNetwork } from "@foldmesh/network";
import { decodeEntry } from "@foldmesh/jobs";
import { programDir } from "@foldmesh/programs";
import {
  type Contents,
  type ProofRequest,
  decodeCanonical,
  encodeCanonical,
  openMessage,
  signMessage,
  verifySignature,
} from "@foldmesh/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JobJournal } from "../src/journal.ts";
import { REPORT, TERMS, terms } from "../src/methods.ts";
import { toyProver } from "./toy-prover.ts";
import { type Member, type World, createWorld, until } from "./world.ts";

let world: World;
let bundle: Bundle;
let broker: Member;
let victim: Client;
let stranger: Network;
let job: string;
const written: string[] = []; // peers whose doings were

const journal = (inner: JobJournal): JobJournal => ({
  ...inner,
  append(of, entry) {
    const { event } = decodeEntry(entry);
    if ("peer" in event) written.push(event.peer);
    return inner.append(of, entry);
  },
});

const long: JobRequest["input"] = { z0: [1n, 2n, 0n], count: 400 };

beforeAll(async () => {
  world = await createWorld();
  bundle = await readBundle(programDir("minroot"));
  const prover = toyProver(200);
  const desk = { stepsPerLeaf: 1, maxJobs: 3 };
  broker = await world.start("broker", { roles: ["broker"], broker: desk }, { prover, journal });
  const worker = { overheadMs: 100, maxConcurrent: 2, checkpointMs: 1e9 };
  await world.start("prover", { roles: ["prover"], worker }, { prover });
  await until(() => broker.events.some(({ kind }) => kind === "admitted"), "an admitted peer");
  victim = await world.client(broker);
  const order = { program: bundle, input: long, maxPrice: 10n ** 9n };
  ({ job } = await victim.submit({ ...order, deadline: Date.now() + 600_000 }));
  stranger = await createNetwork({
    privateKey: crypto.getRandomValues(new Uint8Array(32)),
    directory: "client",
    reach: "local",
    topics: [],
  });
  await stranger.dial(broker.addresses[0]!);
}, 30_000);

afterAll(async () => {
  await stranger.stop();
  await world[Symbol.asyncDispose]();
});

const codeOf = (action: Promise<unknown>): Promise<string> =>
  action.then(
    () => "done",
    (error: { code: string }) => error.code,
  );

/** A request of the stranger's own. */
async function asked(change: Partial<ProofRequest> = {}): Promise<Uint8Array> {
  const content: ProofRequest = {
    nonce: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex"),
    program: await stranger.blobs.add(encodeBundle(bundle)),
    context: "00".repeat(32),
    z0: ["01", "02", "00"].map((byte) => byte + "00".repeat(31)),
    steps: 4,
    input: change.input ?? {
      kind: "inputs",
      blob: await stranger.blobs.add(encodeInput(long)),
    },
    maxPrice: 10n ** 9n,
    deadline: Date.now() + 60_000,
    minReputation: 0,
    privacy: "public",
    ...change,
  };
  return (await signMessage(stranger.signer, "ProofRequest", content)).bytes;
}

test("an order of another is not taken, nor a blob given away that is named as a program", async () => {
  const [running] = decodeCanonical(
    outlines,
    await stranger.call(broker.peer, JOBS, new Uint8Array()),
    "outlines",
  );
  const reply = await stranger.call(broker.peer, TERMS, encodeCanonical(jobName, running!));
  const { request } = decodeCanonical(terms, reply, "terms");
  expect(await codeOf(stranger.call(broker.peer, SUBMIT, request))).toBe("NOT_YOURS");
  const { content } = await openMessage(verifySignature, request, "ProofRequest");
  const { blob } = content.input;
  const none = await stranger.blobs.add(new Uint8Array(1));
  const naming = await asked({ program: blob, input: { kind: "inputs", blob: none } });
  const quote = stranger.call(broker.peer, QUOTE, naming);
  expect(await codeOf(quote)).toBe("PROGRAM");
  expect(await codeOf(stranger.blobs.fetch(blob, { from: [broker.peer] }))).toBe("NOT_FOUND");
});

test("a job that no broker could hold in mind, or for ever, is refused", async () => {
  const submit = async (change: Partial<ProofRequest>) =>
    codeOf(stranger.call(broker.peer, SUBMIT, await asked(change)));
  expect(await submit({ steps: 2 ** 40 })).toBe("PLAN");
  expect(await submit({ deadline: 8_640_000_000_000_000 })).toBe("DEADLINE");
  expect(await submit({ context: "ff".repeat(32) })).toBe("MALFORMED");
});

test("requests at once get no more jobs than there is room for", async () => {
  const requests = await Promise.all(Array.from({ length: 6 }, () => asked()));
  const submit = (bytes: Uint8Array) => codeOf(stranger.call(broker.peer, SUBMIT, bytes));
  const codes = await Promise.all(requests.map(submit));
  expect(codes.toSorted()).toEqual(["BUSY", "BUSY", "BUSY", "BUSY", "done", "done"]);
});

test("what a stranger reports of others' leases is neither told nor written down", async () => {
  const holds = () =>
    broker.events.some((each) => each.kind === "job" && each.update.event.kind === "leased");
  await until(holds, "a lease");
  const report = async <K extends "Progress" | "Checkpoint" | "Delivery" | "Refusal">(
    kind: K,
    content: Contents[K],
  ) =>
    codeOf(
      stranger.call(broker.peer, REPORT, (await signMessage(stranger.signer, kind, content)).bytes),
    );
  const node = await stranger.blobs.add(new Uint8Array(320));
  const place = { job, task: "prove:0", epoch: 0 };
  const made = { ...place, node, bytes: 320 };
  expect(await report("Progress", { ...place, done: 3 })).toBe("STALE_EPOCH");
  expect(await report("Checkpoint", { ...made, done: { start: 0, end: 3 } })).toBe("STALE_EPOCH");
  for (let i = 0; i < 20; i++) {
    await report("Delivery", { ...made, range: { start: 0, end: 400 } });
    await report("Refusal", { ...place, reason: "missing-input" });
  }
  expect(written).not.toContain(stranger.peer);
  const told = broker.events.filter((each) => each.kind === "job" && "peer" in each.update.event);
  const peers = told.map(
    (each) => (each as { update: { event: { peer: string } } }).update.event.peer,
  );
  expect(peers).not.toContain(stranger.peer);
});
