import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type BackendName,
  type Curve,
  type EngineInit,
  G1,
  Grumpkin,
  type Point,
  type WasmEngine,
  attachEngine,
  createEngine,
  elementsToBytes,
  pointsToBytes,
} from "../src/index.ts";
import { endomorphism, splitConstants, splitScalar } from "../src/codegen/glv.ts";
import { wasmMSM } from "../src/msm/msm.ts";
import { chooseWindows } from "../src/msm/windows.ts";
import { readModules } from "../src/wasm/load-node.ts";
import { drawElements } from "./edge-elements.ts";
import {
  type KnownBases,
  basesOf,
  edgeScalars,
  encode,
  expected,
  generatorOf,
  progression,
  relatedBases,
} from "./msm-cases.ts";

const CURVES = [G1, Grumpkin];
const BACKENDS: readonly BackendName[] = ["fma51", "int29"];
const EIGHT_TABLES = 2 ** 24;

const withTables = (init: EngineInit, tableBytes: number): WasmEngine =>
  attachEngine(init, (context) => wasmMSM(context, { tableBytes }));

type Commit = (scalars: readonly bigint[], blind: bigint) => Promise<Point | null>;

function committer(engine: WasmEngine, bases: KnownBases): Commit {
  const { curve } = bases;
  const key = engine.commitmentKey(curve, ...encode(bases));
  const field = engine[curve.scalar.name];
  return (scalars, blind) =>
    engine.scope(() => engine.commit(key, field.fromElements(scalars), blind));
}

describe.each(BACKENDS)("commitments on %s", (backend) => {
  let plain: WasmEngine;
  let tabled: WasmEngine;
  beforeAll(async () => {
    plain = await createEngine({ load: readModules, backend });
    tabled = withTables(plain.init, EIGHT_TABLES);
  });

  describe.each(CURVES.map((curve) => [curve.name, curve] as const))("%s", (_, curve) => {
    test("related bases with edge scalars, without and with tables", async () => {
      const n = 37;
      for (const [basesName, bases] of Object.entries(relatedBases(curve, n))) {
        const commits = [committer(plain, bases), committer(tabled, bases)];
        for (const [name, scalars] of Object.entries(edgeScalars(curve, n))) {
          const result = expected(bases, scalars, 3n);
          for (const commit of commits) {
            const label = `${basesName}; ${name}`;
            expect([label, await commit(scalars, 3n)]).toEqual([label, result]);
          }
        }
      }
    });

    test("every length up to 20, and a shorter vector than the key", async () => {
      const bases = progression(curve, 21, 1n);
      const commits = [committer(plain, bases), committer(tabled, bases)];
      for (let n = 0; n <= 20; n++) {
        const scalars = drawElements(curve.scalar, n, BigInt(n));
        for (const commit of commits) {
          expect(await commit(scalars, 9n)).toEqual(expected(bases, scalars, 9n));
        }
      }
    });

    test("the identity is null", async () => {
      const bases = basesOf(curve, [1n, 2n, 3n, 7n]);
      const commit = committer(plain, bases);
      expect(await commit([], 0n)).toBeNull();
      expect(await commit([0n, 0n], 0n)).toBeNull();
      expect(await commit([1n, 1n, curve.scalar.modulus - 1n], 0n)).toBeNull();
      expect(await commit([2n, 1n, 1n], curve.scalar.modulus - 1n)).toBeNull();
    });

    test("agrees with the BigInt twin on any scalars", async () => {
      const bases = progression(curve, 33, 5n);
      const commit = committer(tabled, bases);
      const scalar = fc.oneof(
        fc.bigInt({ min: 0n, max: curve.scalar.modulus - 1n }),
        fc.bigInt({ min: 0n, max: 70_000n }),
        fc.nat(1).map(BigInt),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(scalar, { maxLength: 32 }), scalar, async (scalars, blind) => {
          const points = [bases.points.at(-1)!, ...bases.points];
          const twin = curve.msm(points.slice(0, scalars.length + 1), [blind, ...scalars]);
          expect(await commit(scalars, blind)).toEqual(twin);
        }),
        { numRuns: 25 },
      );
    });
  });

  test("sizes beyond a batch and a chunk of trees", async () => {
    const n = 17_001;
    const bases = progression(G1, n + 1, 3n);
    const commit = committer(plain, bases);
    const lists = edgeScalars(G1, n);
    for (const name of ["all one", "all equal", "like a witness", "random"]) {
      const scalars = lists[name]!;
      expect([name, await commit(scalars, 1n)]).toEqual([name, expected(bases, scalars, 1n)]);
    }
  });

  test("as many exceptions as additions", async () => {
    const n = 5000;
    const { points, logs } = basesOf(Grumpkin, [4n, 6n]);
    const same: KnownBases = {
      curve: Grumpkin,
      logs: [...Array.from({ length: n }, () => logs[0]!), logs[1]!],
      points: [...Array.from({ length: n }, () => points[0]!), points[1]!],
    };
    const commit = committer(plain, same);
    const { "all one": ones, "k and −k in turn": opposite } = edgeScalars(Grumpkin, n);
    expect(await commit(ones!, 1n)).toEqual(expected(same, ones!, 1n));
    expect(await commit(opposite!, 0n)).toBeNull();
  });
});

describe("commitment keys", () => {
  let engine: WasmEngine;
  beforeAll(async () => {
    engine = await createEngine({ load: readModules });
  });

  test("refuse coordinates that are not canonical and bytes that are no points", () => {
    const G = generatorOf(G1);
    const bad = elementsToBytes([G1.base.modulus + 1n, G[1]]);
    expect(() => engine.commitmentKey(G1, bad, G)).toThrow(
      expect.objectContaining({ code: "NON_CANONICAL" }),
    );
    expect(() => engine.commitmentKey(G1, new Uint8Array(65), G)).toThrow(
      expect.objectContaining({ code: "BAD_LENGTH" }),
    );
  });

  test("the port takes canonical scalars only: a negative or too large blind is our mistake", async () => {
    const port = wasmMSM(engine.context);
    const key = port.prepareKey("G1", pointsToBytes([generatorOf(G1)]), generatorOf(G1));
    for (const blind of [-1n, G1.scalar.modulus]) {
      await expect(port.commit(key, 0, 0, blind)).rejects.toThrow(/blind is canonical/);
    }
    await expect(port.commit(key, 0, 2, 0n)).rejects.toThrow(/1 bases/);
  });

  test("scratch is given back", async () => {
    const bases = progression(G1, 300, 8n);
    const commit = committer(engine, bases);
    const scalars = drawElements(G1.scalar, 299, 2n);
    await commit(scalars, 1n);
    const size = engine.init.memory.buffer.byteLength;
    for (let i = 0; i < 5; i++) await commit(scalars, 1n);
    expect(engine.init.memory.buffer.byteLength).toBe(size);
  });
});

describe("splitting of scalars", () => {
  test.each(CURVES.map((curve) => [curve.name, curve] as const))(
    "%s: halves recombine and keep within the windows",
    (_, curve: Curve) => {
      const e = endomorphism(curve);
      const G = generatorOf(curve);
      expect(curve.mul(e.lambda, G)).toEqual([curve.base.mul(e.beta, G[0]), G[1]]);
      const constants = splitConstants(curve, e);
      const limit = (1n << 127n) - (1n << 112n);
      for (const k of [
        ...drawElements(curve.scalar, 300, 6n),
        ...Object.values(edgeScalars(curve, 60)).flat(),
      ]) {
        const [k1, k2] = splitScalar(k, constants);
        expect(curve.scalar.reduce(k1 + e.lambda * k2 - k)).toBe(0n);
        for (const half of [k1, k2]) expect(half < limit && half > -limit).toBe(true);
      }
    },
  );
});

describe("windows", () => {
  test("cover the tables' share of the bits, none wider than 16", () => {
    const small = Array.from({ length: 64 }, () => 10);
    for (const wide of [0, 1, 50, 3000, 2 ** 18]) {
      for (const tableCount of [1, 2, 4, 8]) {
        const { tables, widths } = chooseWindows(tableCount, { wide, small });
        expect(widths.reduce((sum, width) => sum + width)).toBe(128 / tables);
        expect(Math.max(...widths)).toBeLessThanOrEqual(16);
        expect(tableCount % tables).toBe(0);
      }
    }
  });
});
