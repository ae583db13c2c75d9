// A node takes no more than its memory and disk carry, and says so at once.

import { readBundle } from "@foldmesh/client/node";
import { programDir } from "@foldmesh/programs";
import { expect, onTestFinished, test } from "vitest";
import { createAdmission, rowsOf } from "../src/worker/admission.ts";
import { toyProver } from "./toy-prover.ts";
import { all, createWorld, until } from "./world.ts";

const MIB = 2 ** 20;
const ROWS = 2 ** 15;
const shard = { kind: "prove", range: { start: 0, end: 2 }, constraints: 1.7 * ROWS } as const;
const merge = { kind: "merge", range: { start: 0, end: 2 }, constraints: ROWS } as const;

test("rows are read from what a lot is reckoned at", () => {
  expect(rowsOf(shard)).toBeCloseTo(ROWS);
  expect(rowsOf(merge)).toBe(ROWS);
  expect(rowsOf({ ...merge, kind: "compress", constraints: 4 * ROWS })).toBe(ROWS);
});

test("leases of one program share it, those of another need their own", () => {
  let programBytes = 0;
  const admission = createAdmission({
    memoryBytes: 700 * MIB,
    programBytes: () => programBytes,
    diskRoom: () => 2 ** 40,
    threads: 2,
  });
  for (const name of ["a", "b", "c"]) {
    expect(admission.whyNot("one", shard)).toBeUndefined();
    admission.take(name, "one", shard);
  }
  expect(admission.whyNot("two", shard)).toMatch(/MiB of memory are needed and 700 MiB are there/);
  for (const name of ["a", "b", "c"]) admission.release(name);
  expect(admission.whyNot("two", shard)).toBeUndefined();
  programBytes = 500 * MIB;
  expect(admission.whyNot("two", shard)).toMatch(/MiB of memory are needed/);
});

test("no lease whose nodes the disk cannot keep, however often it is asked", () => {
  let room = 13 * MIB;
  const admission = createAdmission({
    memoryBytes: 2 ** 40,
    programBytes: () => 0,
    diskRoom: () => room,
    threads: 1,
  });
  let taken = 0;
  for (let i = 0; i < 20; i++) {
    if (admission.whyNot("one", merge) !== undefined) continue;
    admission.take(`lease ${i}`, "one", merge);
    taken++;
  }
  expect(taken).toBe(2); // 6 MiB each
  room = 5 * MIB;
  admission.release("lease 0");
  expect(admission.whyNot("one", merge)).toMatch(/MiB of disk/);
});

test("a prover without the memory does not bid; one with it does the work", async () => {
  const world = await createWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const prover = toyProver();
  const broker = await world.start(
    "broker",
    { roles: ["broker"], broker: { stepsPerLeaf: 1, restMs: 300, compress: false } },
    { prover },
  );
  const worker = { overheadMs: 100, maxConcurrent: 4 };
  const roles = ["prover", "aggregator"] as const;
  const [small] = await Promise.all([
    world.start("small", { roles, worker: { ...worker, ask: 1n, memoryBytes: MIB } }, { prover }),
    world.start("large", { roles, worker }, { prover }),
  ]);
  const admitted = (): number => broker.events.filter(({ kind }) => kind === "admitted").length;
  await until(() => admitted() === 2, "two admitted peers");
  const client = await world.client(broker);
  const { job } = await client.submit({
    program: await readBundle(programDir("minroot")),
    input: { z0: [1n, 2n, 0n], count: 4 },
    maxPrice: 1_000_000n,
    deadline: Date.now() + 60_000,
  });
  const updates = await all(client.watch(job));
  expect(updates.at(-1)!.event.kind).toBe("done");
  expect(small.events.some(({ kind }) => kind === "bid" || kind === "work-started")).toBe(false);
});
