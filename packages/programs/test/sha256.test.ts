import { createHash } from "node:crypto";
import { Fp } from "@foldmesh/algebra";
import {
  SHA256_Z0,
  sha256Blocks,
  sha256Digest,
  sha256Input,
  sha256State,
} from "@foldmesh/programs";
import { firstViolation, stepCount, stepInputs } from "@foldmesh/r1cs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bench, openBench, snarkjsViolation } from "./run-program.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench("sha256");
});
afterAll(() => bench.close());

const messageOf = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (37 * i + length) % 256);
const digestOf = (message: Uint8Array): string =>
  createHash("sha256").update(message).digest("hex");

describe("the sha256 program", () => {
  test.each([0, 1, 55, 56, 63, 64, 119, 120, 200])(
    "digests %i bytes as node:crypto does",
    async (length) => {
      const message = messageOf(length);
      const input = sha256Input(message);
      expect(stepCount(input)).toBe(sha256Blocks(length));
      const { zn } = await bench.runJob(input);
      expect(sha256Digest(zn)).toBe(digestOf(message));
      expect(sha256State(digestOf(message))).toEqual(zn);
    },
  );

  test("agrees with snarkjs on a witness and on a false one", async () => {
    const { last } = await bench.runJob(sha256Input(messageOf(3)));
    expect(await snarkjsViolation("sha256", last)).toBeUndefined();
    last[32 * 1000]! ^= 1;
    const row = firstViolation(bench.program.step.r1cs, last)?.row;
    expect(row).toBeDefined();
    expect(await snarkjsViolation("sha256", last)).toBe(row);
  });

  test("refuses words of 33 bits and states of 129", async () => {
    const { block } = stepInputs(sha256Input(messageOf(3)), 0) as { block: bigint[] };
    const wide = [...block.slice(0, 15), 2n ** 32n];
    await expect(bench.assign(SHA256_Z0, { block: wide })).rejects.toMatchObject({
      code: "WITNESS",
    });
    const state = [SHA256_Z0[0] + 2n ** 128n, SHA256_Z0[1]];
    await expect(bench.assign(state, { block })).rejects.toMatchObject({ code: "WITNESS" });
  });

  test("constrains every wire: a change of any sampled one is refused", async () => {
    const { step, sym } = bench.program;
    const { last } = await bench.runJob(sha256Input(messageOf(3)));
    for (let wire = 1; wire < step.r1cs.columns; wire += 1999) {
      last[32 * wire]! ^= 1;
      expect(firstViolation(step.r1cs, last, sym)?.message).toMatch(/^constraint \d+ in main/);
      last[32 * wire]! ^= 1;
    }
  });

  test("has the pinned size", () => {
    expect(bench.program.manifest).toMatchObject({
      stateSize: 2,
      constraints: 31_096,
      wires: 30_785,
      privateInputs: [{ name: "block", size: [16] }],
    });
  });
});

test("a digest needs a state of two 128-bit elements", () => {
  for (const zn of [[1n], [1n, 2n ** 128n], [Fp.modulus - 1n, 0n]]) {
    expect(() => sha256Digest(zn)).toThrow(/two elements below 2\^128/);
  }
  expect(() => sha256State("12")).toThrow(/64 hexadecimal digits/);
});
