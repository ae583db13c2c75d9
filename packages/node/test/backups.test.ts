// What a holder of a lease can make its broker keep.

import type { JobState } from "@foldmesh/jobs";
import { cidOfBytes } from "@foldmesh/network";
import type { SignedMessage } from "@foldmesh/protocol";
import { expect, test } from "vitest";
import { createBlobShelf } from "../src/blob-shelf.ts";
import { Backups } from "../src/broker/backups.ts";
import type { Court } from "../src/broker/judge.ts";
import { openKeep } from "../src/keep/keep.ts";

const NODE_BYTES = 100;
const nodeOf = (done: number): Uint8Array => new Uint8Array(NODE_BYTES).fill(done);
const made = new Map(
  Array.from({ length: 50 }, (_, i) => [cidOfBytes(nodeOf(i)), nodeOf(i)] as const),
);

test("of a lease's checkpoints the broker keeps the last, and the one that the lease begins with", async () => {
  const keep = await openKeep({ dataDir: undefined, maxBlobBytes: 1e6, onDamage: () => {} });
  const shelf = createBlobShelf(keep.blobs, Date.now);
  let checkpoints: { readonly node: string }[] = [];
  const leases: { readonly resume?: { readonly node: string } }[] = [{}];
  const refused: number[] = [];
  let isUnder = 0;
  let atOnce = 0;
  const court = {
    session: { nodeBytes: NODE_BYTES },
    network: {
      peer: "broker",
      blobs: {
        async download(cid: string) {
          atOnce = Math.max(atOnce, ++isUnder);
          await shelf.put(cid, [made.get(cid)!] as never);
          isUnder--;
        },
      },
    },
  };
  const backups = new Backups({
    shelf,
    owner: "job/a",
    own: async (cid, owner) => {
      await shelf.hold(owner, cid);
      return cid;
    },
    state: () => ({ tasks: [{ leases, checkpoints }] }) as unknown as JobState,
    court: () => Promise.resolve(court as unknown as Court),
    leases: { isHeld: () => true },
    examiner: { read: (_, __, { done }) => Promise.resolve(done.end % 2 === 0 ? [] : ["a lie"]) },
    tell: (event) => void (event.kind === "rejected" && refused.push(1)),
    feed(event) {
      if (event.kind === "checkpointed") checkpoints = [event];
      return Promise.resolve();
    },
    complain: (error) => {
      throw error;
    },
  });
  const report = (epoch: number, end: number): Promise<void> => {
    const node = cidOfBytes(nodeOf(end));
    const content = { job: "a", task: "prove:0", epoch, done: { start: 0, end }, node };
    const message = { sender: "prover", content: { ...content, bytes: NODE_BYTES } };
    return backups.take(message as unknown as SignedMessage<"Checkpoint">);
  };
  for (let end = 1; end <= 20; end++) {
    await report(0, end);
    expect(shelf.held()).toBeLessThanOrEqual(NODE_BYTES);
  }
  expect(refused).toHaveLength(10);
  leases.push({ resume: checkpoints[0]! });
  await Promise.all(Array.from({ length: 20 }, (_, i) => report(1, 21 + i)));
  expect(atOnce).toBe(1);
  expect(checkpoints).toMatchObject([{ node: cidOfBytes(nodeOf(40)) }]);
  expect(shelf.held()).toBe(2 * NODE_BYTES);
  await shelf.release("job/a");
  expect(shelf.owners()).toEqual([]);
  expect(shelf.held()).toBe(0);
  shelf.close();
});
