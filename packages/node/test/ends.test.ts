// What is left of a job when it is over: its term, and what is still to be paid.

import type { JobUpdate } from "@foldmesh/client";
import { JOB_DEFAULTS, type JobEvent, encodeEntry, encodeInit } from "@foldmesh/jobs";
import { type CIDText, type PeerId, idOfPayload, peerFromPublicKey } from "@foldmesh/protocol";
import { expect, test } from "vitest";
import type { Books } from "../src/broker/books.ts";
import { lastPayments } from "../src/broker/late-payments.ts";
import { type KeptJob, createJournal } from "../src/journal.ts";
import { openKeep } from "../src/keep/keep.ts";

const named = (name: string): Uint8Array => new TextEncoder().encode(name);
const cid = (name: string): CIDText => idOfPayload(named(name));
const peer = (name: string): PeerId => {
  const key = new Uint8Array(32);
  key.set(named(name));
  return peerFromPublicKey(key);
};

const JOB = cid("job");
const US = peer("us");
const PRICE = 60n;
const RECORD: KeptJob["record"] = {
  request: named("request"),
  order: named("order"),
  size: { stepsPerLeaf: 1, leaves: 4, leaf: 1, merge: 1, compress: 0, total: 7 },
  plan: {
    init: encodeInit({
      job: JOB,
      broker: US,
      shards: [{ start: 0, end: 4 }],
      compress: false,
      constraints: { leaf: 100, merge: 50, compress: 0 },
      maxPrice: 1_000n,
      deadline: 100_000,
      config: JOB_DEFAULTS,
    }),
    begun: 0,
  },
  result: { kind: "running" },
};

/** A job of one shard, proved and verified, whose log then says who pays. */
function jobPaidBy(payer: PeerId | undefined, updates: readonly JobUpdate[] = []): KeptJob {
  const held = { task: "prove:0", epoch: 0, peer: peer("worker") };
  const node = cid("node");
  const events: JobEvent[] = [
    { kind: "awarded", ...held, price: PRICE, duration: 1_000 },
    { kind: "delivered", ...held, node, bytes: 1 },
    { kind: "judged", task: "prove:0", epoch: 0, node, valid: true },
    { kind: "judged", task: "verify", epoch: 0, node, valid: true },
    ...(payer === undefined ? [] : [{ kind: "settling", payer } as const]),
  ];
  const entries = events.map((event, i) => encodeEntry({ at: i, event }));
  return { job: JOB, record: RECORD, entries, updates };
}

async function paidLate(kept: KeptJob, payer?: PeerId) {
  const paid: bigint[] = [];
  const books = {
    async pay(_: CIDText, { amount }: { amount: bigint }) {
      paid.push(amount);
      return { id: cid("receipt") };
    },
  } as unknown as Books;
  const context = { now: () => 9, emit: () => {}, network: { peer: US } } as never;
  const failed = { kind: "failed", reason: "DEADLINE", message: "too late" } as const;
  const last = { sequence: 50, at: 9, event: { ...failed, ...(payer && { payer }) } };
  const told = await lastPayments(context, books, kept, last);
  return { paid, told: told.map(({ sequence, event }) => [sequence, event.kind]) };
}

test("whoever its log names pays when it is back, and tells what was not told yet", async () => {
  expect(await paidLate(jobPaidBy(US), US)).toEqual({ paid: [PRICE], told: [[49, "paid"]] });
  const part = { task: "prove:0", epoch: 0, peer: peer("worker") };
  const event = { kind: "paid", ...part, range: { start: 0, end: 4 }, amount: PRICE } as const;
  const before = { sequence: 7, at: 1, event: { ...event, receipt: cid("receipt") } };
  expect(await paidLate(jobPaidBy(US, [before]), US)).toEqual({ paid: [], told: [] });
});

test("whom its log does not name pays nothing, whatever others say, and tells who is paid", async () => {
  const other = peer("somebody else");
  const owed = { paid: [], told: [[49, "owed"]] };
  expect(await paidLate(jobPaidBy(other), other)).toEqual(owed);
  expect(await paidLate(jobPaidBy(other), US)).toEqual(owed);
  expect(await paidLate(jobPaidBy(undefined), US)).toEqual({ paid: [], told: [] });
});

test("whom its log names does not pay when somebody else says that it did", async () => {
  expect(await paidLate(jobPaidBy(US))).toEqual({ paid: [], told: [] });
});

test("a job's term outlives its log: who was away in a later term than its own believes the end", async () => {
  const keep = await openKeep({ dataDir: undefined, maxBlobBytes: 1, onDamage: () => {} });
  const journal = createJournal(keep);
  const { terms, jobEvents } = keep.rooms;
  await journal.put(JOB, RECORD);
  await journal.append(JOB, named("entry"));
  await terms.put(JOB, { term: 3, logTerm: 3 });
  const failed = { kind: "failed", reason: "DEADLINE", message: "too late" } as const;
  const last = { sequence: 0, at: 9, event: failed };
  await journal.end(JOB, { ...RECORD, result: failed, ended: 9 }, [last]);
  expect(await jobEvents.length(JOB)).toBe(0);
  expect(await terms.get(JOB)).toEqual({ term: 3, logTerm: 3 });
  await journal.forget(JOB);
  expect(await terms.get(JOB)).toBeUndefined();
});
