import { elementsFromBytes, elementsToBytes, Fp } from "@foldmesh/algebra";
import { MINROOT_ROUNDS, minroot } from "@foldmesh/programs";
import { firstViolation, repeatAssignment, repeatStep } from "@foldmesh/r1cs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bench, openBench, snarkjsViolation } from "./run-program.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench("minroot");
});
afterAll(() => bench.close());

/** Assignments of k steps in a row. */
async function chain(z0: readonly bigint[], k: number): Promise<Uint8Array[]> {
  const assignments: Uint8Array[] = [];
  let z = z0;
  for (let c = 0; c < k; c++) {
    const assignment = await bench.assign(z, {});
    assignments.push(assignment);
    z = elementsFromBytes(assignment, Fp.modulus).slice(1, 4);
  }
  return assignments;
}

describe("the minroot program", () => {
  test("agrees with its native twin", async () => {
    const z0 = [3n, Fp.modulus - 5n, 7n] as const;
    const { zn } = await bench.runJob({ z0, count: 3 });
    expect(zn).toEqual(minroot(z0, 3));
    expect(zn[2]).toBe(7n + 3n * BigInt(MINROOT_ROUNDS));
  });

  test("inverts: each round's fifth power gives the sum before", () => {
    const [x, y] = minroot([11n, 13n, 0n], 1);
    let [a, b] = [x, y];
    for (let i = MINROOT_ROUNDS - 1; i >= 0; i--) {
      const before = Fp.sub(b, BigInt(i));
      [a, b] = [before, Fp.sub(Fp.pow(a, 5n), before)];
    }
    expect([a, b]).toEqual([11n, 13n]);
  });

  test("agrees with snarkjs", async () => {
    const { last } = await bench.runJob({ z0: [1n, 2n, 0n], count: 1 });
    expect(await snarkjsViolation("minroot", last)).toBeUndefined();
    last[32 * 8]! ^= 1;
    const row = firstViolation(bench.program.step.r1cs, last)?.row;
    expect(row).toBeDefined();
    expect(await snarkjsViolation("minroot", last)).toBe(row);
  });

  test("is proved in many copies a leaf: honest ones hold, a changed middle state does not", async () => {
    const k = 20;
    const { step } = bench.program;
    const z = repeatAssignment(await chain([5n, 6n, 0n], k), step.stateSize);
    const { r1cs } = repeatStep(step, k);
    expect(firstViolation(r1cs, z)).toBeUndefined();
    expect(elementsFromBytes(z, Fp.modulus).slice(1, 4)).toEqual(minroot([5n, 6n, 0n], k));
    const privates = step.r1cs.columns - 7;
    const state1 = 7 + privates;
    for (let i = 0; i < 3; i++) {
      const changed = elementsFromBytes(z, Fp.modulus);
      changed[state1 + i] = Fp.add(changed[state1 + i]!, 1n);
      expect(firstViolation(r1cs, elementsToBytes(changed))).toBeDefined();
    }
  });

  test("has the pinned size", () => {
    expect(bench.program.manifest).toMatchObject({ stateSize: 3, constraints: 97, wires: 101 });
  });
});
