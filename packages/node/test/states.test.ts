// What a broker executes, and does not execute again.

import { minroot, programDir } from "@foldmesh/programs";
import type { Program } from "@foldmesh/r1cs";
import { loadProgram } from "@foldmesh/r1cs/node";
import { expect, test } from "vitest";
import type { Accepted } from "../src/broker/accept.ts";
import { layGround } from "../src/broker/ground.ts";
import { Speeds } from "../src/broker/speeds.ts";
import { statesBetweenLeaves } from "../src/broker/states.ts";
import type { Context } from "../src/context.ts";
import { createJournal } from "../src/journal.ts";
import { openKeep } from "../src/keep/keep.ts";

const z0 = [1n, 2n, 0n] as const;
const signal = new AbortController().signal;

test("a broker that comes back goes on executing where it was", async () => {
  const program = await loadProgram(programDir("minroot"));
  const elsewhere = minroot(z0, 40);
  const input = { z0: [...z0], count: 6 };
  const done: number[] = [];
  const onProgress = (leaves: number): void => void done.push(leaves);
  const known = [[...z0], elsewhere];
  const states = await statesBetweenLeaves(program, input, 2, { signal, onProgress, known });
  expect(states).toEqual([[...z0], ...known, minroot(elsewhere, 2)]);
  expect(done).toEqual([1, 2, 3]);

  const keep = await openKeep({ dataDir: undefined, maxBlobBytes: 1, onDamage: () => {} });
  const speeds = new Speeds();
  const sessions = { use: () => new Promise(() => {}) };
  const context = { keep, sessions } as unknown as Context;
  const lay = (of: Program) => {
    const size = { stepsPerLeaf: 2, leaves: 3 };
    const request = { context: "00".repeat(32) };
    const accepted = { job: "a", program: of, input, size, request } as unknown as Accepted;
    return layGround({ context, accepted, speeds, signal, onExecuted: () => {} });
  };
  await lay(program).executed;
  const kept = async (): Promise<number> => {
    let bytes = 0;
    for await (const { event } of keep.rooms.states.read("a")) bytes += event.length;
    return bytes;
  };
  await expect.poll(kept).toBe(3 * 3 * 32);
  const again = lay({ ...program, wasm: new Uint8Array() }); // nothing of it is executed any more
  await again.executed;
  expect(await again.stateBefore(2)).toEqual(minroot(z0, 4));
  await createJournal(keep).forget("a");
  expect(await keep.rooms.states.length("a")).toBe(0);
});
