import { KINDS } from "@foldmesh/protocol";
import type { Lease } from "@foldmesh/protocol";
import { expect, test } from "vitest";
import { canonical, opaque, openMemoryStore, standardRooms } from "../src/index.ts";
import { blobOf, cidOf } from "./schema.ts";
import { collect } from "./support.ts";

const job = cidOf(blobOf(1, 8));
const node = cidOf(blobOf(2, 8));
const peer = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";

const lease: Lease = {
  job,
  task: "prove:3",
  kind: "prove",
  epoch: 1,
  peer,
  range: { start: 0, end: 8 },
  stepsPerLeaf: 1,
  price: 5n,
  deadline: 1000,
  program: node,
  inputs: [node],
};

test("the rooms of a node hold messages by their ids, and find a task's furthest checkpoint", async () => {
  const codecs = {
    jobs: opaque,
    jobEvents: opaque,
    updates: opaque,
    issued: opaque,
    deliveries: opaque,
    earned: opaque,
    bids: opaque,
    terms: opaque,
    leases: canonical(KINDS.Lease.content),
    checkpoints: canonical(KINDS.Checkpoint.content),
    receipts: opaque,
    reputation: opaque,
    peers: opaque,
    adverts: canonical(KINDS.CapabilityAdvert.content),
    evidence: opaque,
    states: opaque,
    ledger: opaque,
  };
  const schema = { version: 1, rooms: standardRooms(codecs), migrations: [] };
  const { rooms, commit } = await openMemoryStore({ schema, maxBlobBytes: 1e6 });
  const id = { job, task: "prove:3" };
  const changes = [2, 10, 9].map((end) => {
    const value = { job, task: "prove:3", epoch: 1, done: { start: 0, end }, node, bytes: 100 };
    return rooms.checkpoints.putting({ ...id, end, node }, value);
  });
  await commit([rooms.leases.putting({ ...id, epoch: 1 }, lease), ...changes]);
  expect(await rooms.leases.get({ ...id, epoch: 1 })).toEqual(lease);
  const [last] = await collect(rooms.checkpoints.entries(id, { reverse: true, limit: 1 }));
  expect(last?.[1].done.end).toBe(10);
  await rooms.receipts.put({ ...id, epoch: 1, peer }, Uint8Array.of(1));
  expect(await collect(rooms.receipts.entries({ job }))).toHaveLength(1);
  await rooms.ledger.append(peer, [Uint8Array.of(1)]);
  expect(await collect(rooms.ledger.names())).toEqual([peer]);
});
