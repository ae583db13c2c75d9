// The small parts of a node by themselves.

import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fp } from "@foldmesh/algebra";
import { cidOfBytes, collect, once } from "@foldmesh/network";
import { WATCH, watchReply } from "@foldmesh/client";
import { ProtocolError, encodeCanonical } from "@foldmesh/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createBlobShelf } from "../src/blob-shelf.ts";
import { createUpdateLog } from "../src/broker/update-log.ts";
import { NodeError } from "../src/errors.ts";
import { openKeep } from "../src/keep/keep.ts";
import { loadIdentity } from "../src/identity.ts";
import { pidOf } from "../src/pid.ts";
import { decodeShardInput, encodeShardInput, restOfInput } from "../src/shard-input.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "foldmesh-parts-"));
});
afterAll(() => rm(directory, { recursive: true }));

describe("a node's key", () => {
  test("is made once, also by several starts at once, and only its owner may read it", async () => {
    const dataDir = join(directory, "new", "deep");
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadIdentity(dataDir)));
    for (const key of keys) expect(key).toEqual(keys[0]);
    expect(keys[0]).toHaveLength(32);
    expect((await stat(join(dataDir, "node.key"))).mode & 0o777).toBe(0o600);
    expect(await readdir(dataDir)).toEqual(["node.key"]);
    expect(await loadIdentity(join(directory, "other"))).not.toEqual(keys[0]);
  });

  test("that is damaged is not replaced", async () => {
    const dataDir = join(directory, "damaged");
    await mkdir(dataDir);
    await writeFile(join(dataDir, "node.key"), "short");
    await expect(loadIdentity(dataDir)).rejects.toThrow(/must hold a key of 32 bytes/);
  });

  test("needs a directory that can be written", async () => {
    const file = join(directory, "file");
    await writeFile(file, "");
    await expect(loadIdentity(file)).rejects.toThrow(NodeError);
  });
});

describe("a shard's input", () => {
  const steps = Array.from({ length: 6 }, (_, i) => ({ x: BigInt(i), y: [BigInt(i), 1n] }));
  const input = { z0: [0n], steps };
  const job = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

  test("is that of its leaves only", () => {
    const blob = encodeShardInput(job, input, { start: 1, end: 3 }, 2, [7n]);
    const shard = decodeShardInput(blob, job, 4);
    expect(shard.z0).toEqual([7n]);
    expect("steps" in shard && shard.steps.map(({ x }) => x)).toEqual([2n, 3n, 4n, 5n]);
    const rest = restOfInput(shard, 2, [9n]);
    expect(rest.z0).toEqual([9n]);
    expect("steps" in rest && rest.steps.map(({ x }) => x)).toEqual([4n, 5n]);
  });

  test("without private inputs is a count", () => {
    const blob = encodeShardInput(job, { z0: [0n], count: 6 }, { start: 1, end: 3 }, 2, [7n]);
    expect(decodeShardInput(blob, job, 4)).toEqual({ z0: [7n], count: 4 });
    expect(restOfInput({ z0: [7n], count: 4 }, 3, [9n])).toEqual({ z0: [9n], count: 1 });
  });

  test("of another number of steps, or of another job, is refused", () => {
    const blob = encodeShardInput(job, input, { start: 0, end: 3 }, 2, [7n]);
    expect(() => decodeShardInput(blob, job, 5)).toThrow(ProtocolError);
    const other = job.replace("bafkreih", "bafkreii");
    expect(() => decodeShardInput(blob, other, 6)).toThrow(/is of job/);
  });
});

test("a prover's name in its leaves depends on the job", () => {
  const peer = "12D3KooWGCayYhjYAknELyWWCD3LhjirkExNNbVaacMpFmJHsy4x";
  const other = "12D3KooWA2VQi3kpM1Bvjzj2HHQDmu9XEmEYujzbovVzmDVkp5ZV";
  const pids = [pidOf(peer, "job-1"), pidOf(peer, "job-2"), pidOf(other, "job-1")];
  expect(new Set(pids).size).toBe(3);
  expect(pidOf(peer, "job-1")).toBe(pids[0]);
  for (const pid of pids) expect(Fp.isCanonical(pid)).toBe(true);
});

const openShelf = async (dataDir?: string, now = Date.now) => {
  const keep = await openKeep({ dataDir, maxBlobBytes: 1e6, onDamage: () => {} });
  return { keep, shelf: createBlobShelf(keep.blobs, now) };
};
const blobOf = (length: number) => {
  const bytes = new Uint8Array(length).fill(length);
  return { bytes, cid: cidOfBytes(bytes) };
};

test("a blob is kept from everybody but those it is given to, until it is dropped", async () => {
  const { shelf } = await openShelf();
  const { bytes, cid } = blobOf(10);
  await shelf.hold("job/a", cid);
  await shelf.put(cid, once(bytes));
  expect(shelf.mayFetch("anybody", cid)).toBe(false);
  shelf.allow(cid, "prover");
  shelf.allow(cid, "aggregator");
  expect(shelf.mayFetch("prover", cid)).toBe(true);
  expect(shelf.mayFetch("anybody", cid)).toBe(false);
  await shelf.release("job/a");
  expect(shelf.mayFetch("prover", cid)).toBe(false);
  shelf.publish(cid);
  expect(shelf.mayFetch("anybody", cid)).toBe(true);
});

test("the shelf drops what nobody holds any more, and what is held for a time when that is over", async () => {
  const { shelf } = await openShelf();
  const blobs = [10, 20, 30].map(blobOf);
  const [a, b, c] = blobs as [(typeof blobs)[0], (typeof blobs)[0], (typeof blobs)[0]];
  await shelf.hold("job/1", a.cid, c.cid);
  await shelf.hold("job/2", c.cid);
  for (const { cid, bytes } of blobs) await shelf.put(cid, once(bytes));
  await shelf.release("job/1");
  expect(shelf.held()).toBe(50);
  await shelf.expire(b.cid, 5);
  await expect.poll(() => shelf.held()).toBe(30);
  expect(await collect(shelf.get(c.cid, 10))).toHaveLength(20);
  await expect(collect(shelf.get(b.cid))).rejects.toThrow(/not held/);
  shelf.close();
});

test("what is held stays over a restart; what was held for a time goes with the next start", async () => {
  const dataDir = join(directory, "kept");
  const [a, b] = [blobOf(10), blobOf(20)];
  const first = await openShelf(dataDir);
  await first.shelf.hold("job/1", a.cid);
  await first.shelf.expire(b.cid, 60_000);
  for (const { cid, bytes } of [a, b]) await first.shelf.put(cid, once(bytes));
  first.shelf.close();
  await expect(openShelf(dataDir)).rejects.toMatchObject({ code: "IN_USE" });
  await first.keep.close();
  const second = await openShelf(dataDir, () => Date.now() + 60_000);
  expect(second.shelf.owners()).toContain("job/1");
  await expect.poll(() => second.shelf.held()).toBe(10);
  second.shelf.close();
  await second.keep.close();
});

describe("a job's updates", () => {
  const never = new AbortController().signal;
  const written = () => Promise.resolve();

  test("are numbered, and waited for", async () => {
    const log = createUpdateLog(() => 5);
    const waiting = log.from(0, 10_000, never);
    log.add({ kind: "executed", done: 1, total: 2 }, written);
    expect(await waiting).toEqual([
      { sequence: 0, at: 5, event: { kind: "executed", done: 1, total: 2 } },
    ]);
    expect(await log.from(1, 1, never)).toEqual([]);
    expect(log.isOver(1)).toBe(false);
  });

  test("end with the last word: nobody waits for more", async () => {
    const log = createUpdateLog(() => 5);
    log.add({ kind: "failed", reason: "CANCELLED", message: "" }, written);
    await log.from(0, 10_000, never);
    expect(log.isOver(0)).toBe(false);
    expect(log.isOver(1)).toBe(true);
    expect(await log.from(1, 10_000, never)).toEqual([]);
  });

  test("come in replies of a size that can be sent, however long they are", async () => {
    const log = createUpdateLog(() => 5);
    const range = { start: 0, end: 1 };
    const lot = { task: "prove:0", work: "prove", range, reserve: 1n } as const;
    const lots = Array.from({ length: 4000 }, () => lot);
    const auction = cidOfBytes(new Uint8Array());
    const opened = { kind: "auction-opened", auction, lots, bidders: 1 } as const;
    for (let i = 0; i < 10; i++) log.add(opened, written);
    await log.from(9, 10_000, never);
    const taken: number[] = [];
    while (taken.length < 10) {
      const updates = await log.from(taken.length, 1, never);
      const reply = encodeCanonical(watchReply, { updates, over: false });
      expect(reply.length).toBeLessThanOrEqual(WATCH.replyLimit);
      expect(updates.length).toBeGreaterThan(0);
      taken.push(...updates.map(({ sequence }) => sequence));
    }
    expect(taken).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("are not waited for by who has gone", async () => {
    const controller = new AbortController();
    const waiting = createUpdateLog(() => 5).from(0, 10_000, controller.signal);
    controller.abort();
    expect(await waiting).toEqual([]);
  });
});
