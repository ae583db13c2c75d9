import { type Curve, G1, Grumpkin, elementsToBytes } from "@foldmesh/algebra";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type KnownBases,
  edgeScalars,
  encode,
  expected,
  progression,
  relatedBases,
} from "@foldmesh/algebra/testing";
import { CurveMSM } from "../src/msm/msm.ts";
import {
  bytesMoved,
  largestChunk,
  multiplications,
  planMSM,
  workspaceBytes,
} from "../src/msm/plan.ts";
import { Workspace } from "../src/msm/workspace.ts";
import { softwareLayout } from "../src/wgsl/layout.ts";
import { anyDevice } from "./support.ts";

const device = await anyDevice();
afterAll(() => device?.[Symbol.dispose]());

test("plans: fewer multiplications a point for more points, windows that cover a scalar", () => {
  const plans = [1, 100, 2 ** 14, 2 ** 18, 2 ** 20].map(planMSM);
  const perPoint = plans.map((plan) => multiplications(plan) / plan.points);
  expect(perPoint).toEqual([...perPoint].toSorted((a, b) => b - a));
  expect(Math.round(perPoint.at(-1)!)).toBeLessThan(200);
  for (const plan of plans) {
    expect(plan.windows * plan.width).toBeGreaterThanOrEqual(255);
    expect(bytesMoved(plan)).toBeGreaterThan(64 * plan.points);
  }
});

test("chunks are as large as the largest buffer allows", () => {
  expect(largestChunk(2 ** 27)).toBe(2 ** 21);
  expect(largestChunk(2 ** 27, 1e9)).toBe(2 ** 21);
  expect(largestChunk(2 ** 27, 1e8)).toBe(2 ** 17); // a phone: no dispatch of seconds
  for (const bytes of [2 ** 20, 2 ** 24, 2 ** 27]) {
    const points = largestChunk(bytes);
    expect(Math.max(...Object.values(workspaceBytes(planMSM(points))))).toBeLessThanOrEqual(bytes);
  }
});

describe.skipIf(device === null)("multi-scalar multiplication", () => {
  describe.each([G1, Grumpkin])("on $name", (curve: Curve) => {
    let msm: CurveMSM;
    beforeAll(async () => {
      const layout = softwareLayout;
      const form = { R: 1n, offset: 0n };
      msm = await CurveMSM.open(curve, device!, new Workspace(device!), layout, form);
    });

    async function check(bases: KnownBases, cases: Record<string, bigint[]>, label: string) {
      const [chunk] = await msm.upload(encode(bases)[0], 2 ** 20);
      for (const [name, scalars] of Object.entries(cases)) {
        const sum = await msm.multiply(chunk!, elementsToBytes(scalars) as Uint8Array<ArrayBuffer>);
        expect([label, name, sum]).toEqual([label, name, expected(bases, scalars, 0n)]);
      }
    }

    test("related bases with edge scalars: P = ±Q, zeros, all equal, one bucket", async () => {
      // the curves share their shaders but for the modulus
      const some = ["P and −P in turn", "all the same"];
      for (const [name, bases] of Object.entries(relatedBases(curve, 37))) {
        if (curve === Grumpkin && !some.includes(name)) continue;
        await check(bases, edgeScalars(curve, 37), name);
      }
    });

    test("2^18 points", async () => {
      const n = 2 ** 18;
      const few = progression(curve, 257, 11n);
      const [bytes] = encode(few);
      const bases = new Uint8Array(64 * n);
      for (let at = 0; at < bases.length; at += bytes.length) bases.set(bytes, at);
      // short scalars: as many points, entries in few windows
      const scalars = Array.from({ length: n }, (_, i) => BigInt((i * 0x9e3779b1) % 2 ** 26));
      const totals = Array.from({ length: 256 }, () => 0n);
      scalars.forEach((k, i) => (totals[i % 256]! += k));
      const sum = expected(few, totals, 0n);
      const [chunk] = await msm.upload(bases, n);
      const there = await msm.multiply(chunk!, elementsToBytes(scalars) as Uint8Array<ArrayBuffer>);
      expect(there).toEqual(sum);
    });

    test("runs of one bucket that many threads share, and an odd number of points", async () => {
      const n = 999;
      const { "all equal": equal, "one bucket": one, random } = edgeScalars(curve, n);
      const cases = { equal: equal!, one: one!, random: random!, fewer: random!.slice(0, 500) };
      await check(progression(curve, n + 1, 7n), cases, "progression");
    });
  });
});
