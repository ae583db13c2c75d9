// A delivery that comes slowly.

import { cidOfBytes, NetworkError } from "@foldmesh/network";
import { expect, test } from "vitest";
import { Examiner, type ExaminerInit } from "../src/broker/examiner.ts";
import type { Court } from "../src/broker/judge.ts";

test("a delivery that is trickled is fetched once, at a pace, and is missing when that is not kept", async () => {
  const fed: unknown[] = [];
  const slowest: unknown[] = [];
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const blobs = {
    download(_cid: string, options: { slowest: number }) {
      slowest.push(options.slowest);
      return givenUp;
    },
  };
  const court = { session: { nodeBytes: 100 }, network: { blobs } } as unknown as Court;
  const init: Partial<ExaminerInit> = {
    tell: () => undefined,
    feed: (event) => void fed.push(event),
    own: (cid) => Promise.resolve(cid),
    compresses: false,
    tasks: () => [],
  };
  const examiner = new Examiner(init as ExaminerInit);
  const node = cidOfBytes(new Uint8Array(100));
  const asked = { kind: "requestVerify", subject: "node", task: "prove:0", epoch: 1 } as const;
  const delivered = { peer: "slow", node, bytes: 100, range: { start: 0, end: 1 } };
  const all = [1, 2, 3].map((attempt) =>
    examiner.examine(court, { ...asked, ...delivered, attempt }),
  );
  reject(new NetworkError("NOT_FOUND", "too slow"));
  await Promise.all(all);
  expect(slowest).toEqual([expect.any(Number)]);
  expect(fed).toEqual([
    { kind: "judged", task: "prove:0", epoch: 1, node, valid: false, missing: true },
  ]);
});
