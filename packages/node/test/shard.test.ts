// A shard with real proofs: proved as it grows, taken over in the middle by somebody else.

import { join } from "node:path";
import { minroot, programDir } from "@foldmesh/programs";
import { ProverError, openSession, proveShard } from "@foldmesh/prover";
import { loadProgram } from "@foldmesh/r1cs/node";
import { expect, test } from "vitest";

const z0 = [1n, 2n, 0n] as const;
const cacheDir = join(import.meta.dirname, "..", ".cache", "keys"); // checked by hash at every load

test("a shard is proved leaf by leaf, and another prover goes on from its checkpoint", async () => {
  const program = await loadProgram(programDir("minroot"));
  const request = { program, steps: 1, stepsPerLeaf: 1, context: 0n, threads: 2, cacheDir };
  await using session = await openSession(request);
  const checkpoints: [end: number, node: Uint8Array][] = [];
  let leaves = 0;
  const start = minroot(z0, 2);
  const range = { start: 2, end: 7 };
  const whole = await proveShard({
    session,
    program,
    range,
    input: { z0: start, count: 5 },
    pid: 5n,
    batch: 2,
    onLeaf: (done) => (leaves = done),
    onCheckpoint: (end, node) => checkpoints.push([end, node]),
  });
  expect(leaves).toBe(5);
  expect(checkpoints.map(([end]) => end)).toEqual([4, 6]);
  const first = { kind: "shard", pid: 5n, range, batch: 2 } as const;
  const expected = { i: 2n, j: 7n, zIn: start, zOut: minroot(z0, 7), lineage: first };
  expect((await session.verify({ node: whole, expected })).failures).toEqual([]);
  for (const lie of [{ pid: 6n }, { batch: 1 }, { before: 1n }]) {
    const other = { ...expected, lineage: { ...first, ...lie } };
    const { failures } = await session.verify({ node: whole, expected: other });
    expect(failures).toEqual(["statement: pid"]);
  }

  const [end, resume] = checkpoints[0]!;
  const half = { ...first, range: { start: 2, end: 4 } };
  const until = { i: 2n, j: 4n, zIn: start, lineage: half };
  const { failures, claim } = await session.verify({ node: resume, expected: until });
  expect(failures).toEqual([]);
  const rest = await proveShard({
    session,
    program,
    range: { start: end, end: 7 },
    input: { z0: claim!.zOut, count: 3 },
    pid: 6n,
    resume,
    batch: 3,
  });
  const before = claim!.provenance;
  const second = { ...first, pid: 6n, range: { start: end, end: 7 }, batch: 3, before };
  const joined = { ...expected, lineage: second };
  expect((await session.verify({ node: rest, expected: joined })).failures).toEqual([]);
  const quick = { node: rest, expected, statementOnly: true };
  expect((await session.verify(quick)).failures).toEqual(["statement: pid"]);

  const stopped = AbortSignal.abort();
  const input = { z0: start, count: 5 };
  const aborted = proveShard({
    session,
    program,
    range,
    input,
    pid: 5n,
    batch: 1,
    signal: stopped,
  });
  await expect(aborted).rejects.toMatchObject({ code: "ABORTED" });
  const short = { session, program, range, input: { z0, count: 5 }, pid: 5n, batch: 1, resume };
  await expect(proveShard(short)).rejects.toThrow(ProverError); // does not begin where the checkpoint ends
}, 60_000);
