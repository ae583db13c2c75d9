// Money is written down before anybody hears of it, however long the disk is full.

import { type Network, cidOfBytes, createNetwork } from "@foldmesh/network";
import type { SignedMessage } from "@foldmesh/protocol";
import { StoreError } from "@foldmesh/store";
import { expect, onTestFinished, test } from "vitest";
import { Books } from "../src/broker/books.ts";
import { loadStanding } from "../src/broker/standing.ts";
import type { Context } from "../src/context.ts";
import { openKeep } from "../src/keep/keep.ts";

async function member(seed: number): Promise<Network> {
  const privateKey = new Uint8Array(32).fill(seed);
  const network = await createNetwork({
    privateKey,
    directory: "client",
    topics: [],
    reach: "local",
  });
  onTestFinished(() => network.stop());
  return network;
}

test("a payment that cannot be written down waits until it can, and is made once", async () => {
  const network = await member(7);
  const { peer: worker } = await member(8);
  const keep = await openKeep({ dataDir: undefined, maxBlobBytes: 1, onDamage: () => {} });
  let full = false;
  let refused = 0;
  const commit: typeof keep.commit = async (changes) => {
    if (!full) return keep.commit(changes);
    refused++;
    throw new StoreError("STORE_FULL", "no space is left");
  };
  const told: SignedMessage<"Receipt">[] = [];
  const context = {
    network,
    keep: { ...keep, rooms: keep.rooms, commit },
    board: { repost: async (receipt: SignedMessage<"Receipt">) => void told.push(receipt) },
    now: () => 1_000,
    stopping: new AbortController().signal,
  } as unknown as Context;
  const standing = await loadStanding(keep, () => 1_000);
  const books = await Books.open(context, standing);
  const job = cidOfBytes(Uint8Array.of(1));
  await keep.commit([...books.open(job, network.peer, 100n)]);
  const pay = {
    kind: "pay",
    task: "prove:0",
    epoch: 0,
    peer: worker,
    range: { start: 0, end: 4 },
    amount: 60n,
    promisedMs: 1_000,
    takenMs: 900,
  } as const;

  full = true;
  const paying = books.pay(job, pay, undefined);
  await expect.poll(() => refused, { timeout: 5_000 }).toBeGreaterThan(1);
  expect(told).toEqual([]);
  full = false;
  const receipt = await paying;
  expect(receipt!.content).toMatchObject({ price: 60n, task: "prove:0" });
  expect(told).toEqual([receipt]);
  expect((await books.pay(job, pay, undefined))!.id).toBe(receipt!.id);

  await keep.commit([...books.settle(job)]);
  const again = await Books.open(context, standing); // as it is written down
  const { balances, escrowed } = again.status;
  expect(new Map(balances.map(({ peer, amount }) => [peer, amount]))).toEqual(
    new Map([
      [network.peer, 40n],
      [worker, 60n],
    ]),
  );
  expect(escrowed).toBe(0n);
});
