// A whole computation through real worker threads on a tiny program.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programDir } from "@foldmesh/programs";
import type { Program } from "@foldmesh/r1cs";
import { loadProgram } from "@foldmesh/r1cs/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ProveResult,
  type ProverEvent,
  decodeProof,
  encodeProof,
  openSession,
  proveJob,
  verifyProof,
} from "../src/index.ts";

let cacheDir: string;
let program: Program;
let result: ProveResult;
const events: ProverEvent[] = [];
const z0 = [1n, 2n, 0n];

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "foldmesh-job-"));
  program = await loadProgram(programDir("minroot"));
  result = await proveJob({
    program,
    input: { z0, count: 12 },
    stepsPerLeaf: 4,
    shards: 2,
    threads: 2,
    compress: false,
    cacheDir,
    onEvent: (event) => events.push(event),
  });
}, 120_000);

afterAll(() => rm(cacheDir, { recursive: true, force: true }));

const verify = (proof: Uint8Array, expected = {}) =>
  verifyProof({ program, proof, expected, cacheDir });

describe("an honest job", () => {
  test("is cut as planned and reports every leaf and merge", () => {
    expect(result.plan).toMatchObject({ steps: 12, stepsPerLeaf: 4, leaves: 3 });
    const leaves = events.flatMap((event) => (event.type === "leaf" ? [event.leaf] : []));
    expect(leaves.toSorted((x, y) => x - y)).toEqual([0, 1, 2]);
    const merges = events.flatMap((event) => (event.type === "merge" ? [event.range] : []));
    expect(merges).toHaveLength(2);
    expect(merges.at(-1)).toEqual({ start: 0, end: 3 });
  });

  test("verifies, with and without what the caller expects", async () => {
    const { zn } = result.statement;
    expect(await verify(result.proof)).toMatchObject({ ok: true, stepsPerLeaf: 4 });
    const verdict = await verify(result.proof, { z0, zn, steps: 12 });
    expect(verdict).toMatchObject({ ok: true, statement: { steps: 12, z0, zn } });
  }, 30_000);

  test("one leaf is a proof too, and a compressed one is short", async () => {
    const single = await proveJob({ program, input: { z0, count: 3 }, stepsPerLeaf: 3, cacheDir });
    const { zn } = single.statement;
    expect(single.proof.length).toBeLessThan(16_000);
    const valid = { ok: true, form: "compressed", statement: { steps: 3, z0, zn } };
    expect(await verify(single.proof, { steps: 3, z0, zn })).toMatchObject(valid);
    expect(await verify(single.proof)).toMatchObject(valid);
    expect(await verify(single.proof, { zn: z0 })).toMatchObject({ ok: false });
    const tampered = single.proof.slice();
    tampered[tampered.length - 40]! ^= 1;
    expect(await verify(tampered)).toMatchObject({ ok: false });
    // three steps in one leaf are not three leaves, and not one step
    expect(await verify(single.proof, { steps: 1 })).toMatchObject({ ok: false });
  }, 60_000);
});

test("a proof of another size or system is refused before a commitment key is made for it", async () => {
  const { programDigest } = decodeProof(result.proof);
  const claim = result.proof.subarray(9 + 68, 9 + 68 + 400);
  const body = new Uint8Array(9_000);
  body.set(claim);
  const leaves = { programDigest, stepsPerLeaf: 1200, context: 0n } as const; // 2^18 rows, not cached here
  const proof = encodeProof({ ...leaves, form: "compressed", body });
  const told: ProverEvent[] = [];
  const onEvent = (event: ProverEvent) => void told.push(event);
  const verdict = await verifyProof({ program, proof, cacheDir, onEvent });
  expect(verdict).toMatchObject({
    ok: false,
    failures: [expect.stringMatching(/^form: .* has \d+ bytes, this one 9000$/) as string],
  });
  expect(told.filter((event) => event.type === "setup" && event.phase !== "circuit")).toEqual([]);
}, 30_000);

test("the key is derived once: later sessions only load it", async () => {
  const told: ProverEvent[] = [];
  const onEvent = (event: ProverEvent) => told.push(event);
  const request = { program, steps: 12, stepsPerLeaf: 4, context: 0n, threads: 1, cacheDir };
  await using session = await openSession({ ...request, onEvent });
  expect(session.plan.leaves).toBe(3);
  const isKey = (event: ProverEvent) => event.type === "setup" && event.phase === "key";
  const [key, ...others] = told.filter(isKey);
  expect(key).toMatchObject({ done: expect.any(Number) });
  expect(key).toHaveProperty("total", (key as { done: number }).done);
  expect(others).toEqual([]);
  expect(events.filter(isKey).length).toBeGreaterThan(2);
}, 30_000);

test("what is wrong with the last step is told before the first is proven", async () => {
  const seen: ProverEvent[] = [];
  const onEvent = (event: ProverEvent) => seen.push(event);
  const input = { z0, steps: [{}, {}, { secret: 1n }] };
  const job = proveJob({ program, input, cacheDir, onEvent });
  await expect(job).rejects.toMatchObject({
    code: "INPUT",
    message: /^step 2: .*no input "secret"/,
  });
  expect(seen).toEqual([]);
});

describe("the verifier refuses", () => {
  test.each([
    ["another start", { z0: [1n, 2n, 1n] }, "statement: z"],
    ["another end", { zn: [0n, 0n, 0n] }, "statement: z'"],
    ["another number of steps", { steps: 16 }, "statement: j"],
    ["steps that leaves cannot make", { steps: 11 }, "statement: steps"],
  ])("%s", async (_, expected, failure) => {
    const verdict = await verify(result.proof, expected);
    expect(verdict).toMatchObject({ ok: false });
    if (!verdict.ok) expect(verdict.failures[0]).toContain(failure);
  });

  test("a proof of another program, context or number of steps per leaf", async () => {
    const file = decodeProof(result.proof);
    const changes = [
      { programDigest: "00".repeat(32) },
      { context: 1n },
      { stepsPerLeaf: 3 },
      { stepsPerLeaf: 4_000_000 },
    ];
    for (const change of changes) {
      const verdict = await verify(encodeProof({ ...file, ...change }));
      expect(verdict.ok, JSON.stringify(Object.keys(change))).toBe(false);
    }
  }, 60_000);

  test("flipped bytes anywhere in the node", async () => {
    const { stepsPerLeaf, context, body: node } = decodeProof(result.proof);
    const request = { program, steps: 12, stepsPerLeaf, context, threads: 1, cacheDir };
    await using session = await openSession(request);
    const check = async (bytes: Uint8Array) =>
      (await session.verify({ node: bytes, expected: { i: 0n } })).failures;
    expect(await check(node)).toEqual([]);
    const { length } = node;
    for (const at of [
      0,
      7,
      30,
      45,
      130,
      400,
      2_000,
      length >> 2,
      length >> 1,
      length - 100,
      length - 1,
    ]) {
      const tampered = node.slice();
      tampered[at]! ^= 1;
      expect(await check(tampered), `byte ${at}`).not.toEqual([]);
    }
    expect(await check(node.subarray(1))).not.toEqual([]);
    expect(await check(new Uint8Array(length))).not.toEqual([]);
  }, 60_000);
});

describe("proving refuses", () => {
  test("a state of another size", async () => {
    const proving = proveJob({ program, input: { z0: [1n], count: 2 }, cacheDir });
    await expect(proving).rejects.toMatchObject({ code: "INPUT" });
  });

  test("a plan that does not divide", async () => {
    const proving = proveJob({ program, input: { z0, count: 10 }, stepsPerLeaf: 4, cacheDir });
    await expect(proving).rejects.toMatchObject({ code: "PLAN" });
  });

  test("a witness program whose result does not satisfy the circuit, naming the constraint", async () => {
    const { r1cs, stateSize } = program.step;
    const table = r1cs.A.table.map((k) => (k === 1n ? 2n : k));
    const step = { stateSize, r1cs: { ...r1cs, A: { ...r1cs.A, table } } };
    const lying = { ...program, step };
    const proving = proveJob({ program: lying, input: { z0, count: 1 }, threads: 1, cacheDir });
    await expect(proving).rejects.toThrow(/step 0: the program's witness is false: .*constraint/);
  }, 30_000);

  test("to go on after an abort", async () => {
    const abort = new AbortController();
    const proving = proveJob({
      program,
      input: { z0, count: 64 },
      stepsPerLeaf: 1,
      cacheDir,
      signal: abort.signal,
      onEvent: (event) => event.type === "leaf" && abort.abort(),
    });
    await expect(proving).rejects.toMatchObject({ code: "ABORTED" });
  }, 30_000);

  test("to lose a thread to an abort: the session goes on", async () => {
    const { stepsPerLeaf, context, body: node } = decodeProof(result.proof);
    const request = { program, steps: 12, stepsPerLeaf, context, threads: 1, cacheDir };
    await using session = await openSession(request);
    for (let n = 0; n < 3; n++) {
      const abort = new AbortController();
      const verifying = session.verify({ node, expected: { i: 0n } }, abort);
      abort.abort();
      await expect(verifying).rejects.toMatchObject({ code: "ABORTED" });
    }
    expect(await session.verify({ node, expected: { i: 0n } })).toMatchObject({ failures: [] });
  });
});
