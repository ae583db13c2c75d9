import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type CurveName,
  type Engine,
  type FieldName,
  Fp,
  Fq,
  G1,
  Grumpkin,
  type Point,
  type PrimeField,
  type SparseMatrix,
  type Vec,
  type VectorField,
  elementsToBytes,
  horner,
  innerProduct,
  permuteWith,
  pointsToBytes,
  poseidonParameters,
  powers,
} from "../src/index.ts";
import { drawElements, edgeElements, seededBits } from "./edge-elements.ts";
import { readVectors } from "./vectors.ts";

const LENGTHS = [0, 1, 2, 3, 8, 33];

/** What every implementation of the Engine port does, compared with plain BigInt arithmetic. */
export function engineCompliance(name: string, open: () => Promise<Engine>): void {
  describe(`engine ${name}`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await open();
    });
    afterAll(() => engine.close());

    describe.each([
      ["Fp", Fp],
      ["Fq", Fq],
    ] as const)("%s", (fieldName: FieldName, F: PrimeField) => {
      const V = (): VectorField => engine[fieldName];
      elementwiseTests(V, F);
      shapeTests(V, F);
      readingTests(V, F);
      sparseTests(V, F);
      sumcheckTests(V, F);
    });
    commitTests(() => engine);
    permutationTests(() => engine);
    scopeTests(() => engine);
  });
}

type Get = () => VectorField;

function elementwiseTests(V: Get, F: PrimeField): void {
  const check = async (v: Vec, expected: bigint[]): Promise<void> => {
    expect(await V().toElements(v)).toEqual(expected);
  };

  test("every pair of edge elements: sum, difference, product", async () => {
    const edges = edgeElements(F);
    const xs = edges.flatMap((x) => edges.map(() => x));
    const ys = edges.flatMap(() => edges);
    const [a, b] = [V().fromElements(xs), V().fromElements(ys)];
    await check(
      V().add(a, b),
      xs.map((x, i) => F.add(x, ys[i]!)),
    );
    await check(
      V().sub(a, b),
      xs.map((x, i) => F.sub(x, ys[i]!)),
    );
    await check(
      V().mul(a, b),
      xs.map((x, i) => F.mul(x, ys[i]!)),
    );
  });

  test.each(LENGTHS)("scale, linear, horner, pow and inverse of %i elements", async (n) => {
    const k = drawElements(F, 3, 5n)[2]!;
    const lists = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n, 11n, 12n, 13n].map((seed) =>
      drawElements(F, n, seed),
    );
    const vs = lists.map((xs) => V().fromElements(xs));
    const [xs, v] = [lists[0]!, vs[0]!];
    const at = (i: number): bigint[] => lists.map((list) => list[i]!);
    await check(
      V().scale(k, v),
      xs.map((x) => F.mul(k, x)),
    );
    const ks = drawElements(F, vs.length, 99n);
    await check(
      V().linear(ks, vs),
      xs.map((_, i) => innerProduct(F, ks, at(i))),
    );
    await check(
      V().linear([k], [v]),
      xs.map((x) => F.mul(k, x)),
    );
    await check(
      V().horner(k, vs),
      xs.map((_, i) => horner(F, k, at(i))),
    );
    for (const e of [0n, 1n, 2n, 77n, F.modulus - 2n]) {
      await check(
        V().pow(v, e),
        xs.map((x) => F.pow(x, e)),
      );
    }
    await check(
      V().inverse(v),
      xs.map((x) => F.inv0(x)),
    );
  });

  test("chains of sums stay exact", async () => {
    const xs = drawElements(F, 9, 21n);
    const start = V().fromElements(xs);
    let v = start;
    for (let i = 0; i < 20; i++) v = V().sub(V().add(v, v), start);
    await check(v, xs);
    let w = start;
    for (let i = 0; i < 40; i++) w = V().add(w, start);
    await check(
      w,
      xs.map((x) => F.mul(41n, x)),
    );
  });

  test("operands are left as they were, and may be the same vector", async () => {
    const xs = drawElements(F, 7, 22n);
    const v = V().fromElements(xs);
    await check(
      V().mul(v, v),
      xs.map((x) => F.mul(x, x)),
    );
    await check(
      V().sub(v, v),
      xs.map(() => 0n),
    );
    await check(v, xs);
  });
}

function shapeTests(V: Get, F: PrimeField): void {
  test.each(LENGTHS)("bytes and elements in and out, %i of them", async (n) => {
    const xs = drawElements(F, n, 31n);
    const bytes = elementsToBytes(xs);
    expect(await V().toElements(V().fromBytes(bytes))).toEqual(xs);
    expect(await V().toBytes(V().fromElements(xs))).toEqual(bytes);
    expect(await V().toElements(V().zeros(n))).toEqual(xs.map(() => 0n));
  });

  test("foreign input is refused", () => {
    const tooLarge = elementsToBytes([1n, F.modulus, 2n]);
    const code = (run: () => unknown): unknown => {
      try {
        run();
      } catch (error) {
        return (error as { code?: unknown }).code;
      }
      return "accepted";
    };
    expect(code(() => V().fromBytes(tooLarge))).toBe("NON_CANONICAL");
    expect(code(() => V().fromBytes(new Uint8Array(32).fill(255)))).toBe("NON_CANONICAL");
    expect(code(() => V().fromBytes(new Uint8Array(33)))).toBe("BAD_LENGTH");
    expect(code(() => V().fromElements([0n, F.modulus]))).toBe("NON_CANONICAL");
    expect(code(() => V().fromElements([-1n]))).toBe("NON_CANONICAL");
  });

  test("slice, concat and padded at even and odd places", async () => {
    const xs = drawElements(F, 13, 41n);
    const v = V().fromElements(xs);
    for (const [start, end] of [
      [0, 13],
      [0, 4],
      [1, 4],
      [1, 5],
      [2, 5],
      [3, 3],
      [12, 13],
    ] as const) {
      const part = V().slice(v, start, end);
      expect(await V().toElements(part)).toEqual(xs.slice(start, end));
      // the padding lane of the slice must not leak into what is built from it
      const padded = V().padded(part, end - start + 3);
      expect(await V().toElements(padded)).toEqual([...xs.slice(start, end), 0n, 0n, 0n]);
    }
    const parts = [0, 1, 4, 4, 9, 13].map((cut, i, cuts) => V().slice(v, cuts[i - 1] ?? 0, cut));
    expect(await V().toElements(V().concat(parts))).toEqual(xs);
    expect(await V().toElements(V().concat([]))).toEqual([]);
  });

  test.each([0, 1, 2, 5, 8, 19])("powers, %i of them", async (n) => {
    const [x] = drawElements(F, 1, 51n);
    for (const base of [0n, 1n, F.modulus - 1n, x!]) {
      expect(await V().toElements(V().powers(base, n))).toEqual(powers(F, base, n));
    }
  });

  test.each([0, 1, 2, 3, 6])("eq table of %i variables", async (n) => {
    const r = drawElements(F, n, 61n);
    const expected = Array.from({ length: 2 ** n }, (_, x) =>
      r.reduce((product, ri, k) => {
        const bit = (x >> (n - 1 - k)) & 1;
        return F.mul(product, bit === 1 ? ri : F.sub(1n, ri));
      }, 1n),
    );
    expect(await V().toElements(V().eqTable(r))).toEqual(expected);
  });
}

function readingTests(V: Get, F: PrimeField): void {
  test.each([...LENGTHS, 64, 127])("inner product of %i terms", async (n) => {
    const [xs, ys] = [drawElements(F, n, 71n), drawElements(F, n, 72n)];
    const product = await V().innerProduct(V().fromElements(xs), V().fromElements(ys));
    expect(product).toBe(innerProduct(F, xs, ys));
  });

  test("inner products of extreme elements", async () => {
    for (const x of edgeElements(F)) {
      const xs = Array.from({ length: 45 }, () => x);
      const v = V().fromElements(xs);
      expect(await V().innerProduct(v, v)).toBe(innerProduct(F, xs, xs));
    }
  });

  test("isZero sees a single element, odd lengths included", async () => {
    for (const n of [0, 1, 2, 9]) {
      expect(await V().isZero(V().zeros(n))).toBe(true);
      for (let i = 0; i < n; i++) {
        const xs = Array.from({ length: n }, (_, k) => (k === i ? F.modulus - 1n : 0n));
        expect(await V().isZero(V().fromElements(xs))).toBe(false);
      }
    }
    const v = V().fromElements(drawElements(F, 9, 81n));
    expect(await V().isZero(V().sub(v, v))).toBe(true);
    expect(await V().isZero(V().add(v, V().scale(F.modulus - 1n, v)))).toBe(true);
  });
}

/** Rows of many lengths: empty, all ±1, long ones, equal coefficients shared. */
export function drawMatrix(
  F: PrimeField,
  rows: number,
  columns: number,
  seed: bigint,
): SparseMatrix {
  const bits = seededBits(seed);
  const table = [1n, F.modulus - 1n, ...new Set(drawElements(F, 12, seed))].filter(
    (k, i, all) => k !== 0n && all.indexOf(k) === i,
  );
  const rowStart = [0];
  const column: number[] = [];
  const coefficient: number[] = [];
  for (let x = 0; x < rows; x++) {
    const density = [0n, 2n, 10n, 90n][x % 4]!;
    const units = bits() % 2n === 0n;
    for (let y = 0; y < columns; y++) {
      if (bits() % 100n >= density) continue;
      column.push(y);
      coefficient.push(Number(bits() % (units ? 2n : BigInt(table.length))));
    }
    rowStart.push(column.length);
  }
  return {
    rows,
    columns,
    rowStart: Uint32Array.from(rowStart),
    column: Uint32Array.from(column),
    coefficient: Uint32Array.from(coefficient),
    table,
  };
}

export function multiplyPlainly(F: PrimeField, m: SparseMatrix, z: readonly bigint[]): bigint[] {
  return Array.from({ length: m.rows }, (_, x) => {
    let sum = 0n;
    for (let e = m.rowStart[x]!; e < m.rowStart[x + 1]!; e++) {
      sum += m.table[m.coefficient[e]!]! * z[m.column[e]!]!;
    }
    return F.reduce(sum);
  });
}

function sparseTests(V: Get, F: PrimeField): void {
  test.each([
    [0, 3],
    [1, 1],
    [4, 7],
    [37, 64],
  ])("sparse matrix of %i rows and %i columns", async (rows, columns) => {
    const m = drawMatrix(F, rows, columns, BigInt(rows + 1));
    const matrix = V().matrix(m);
    expect(matrix).toMatchObject({ rows, columns });
    for (const seed of [1n, 2n]) {
      const z = drawElements(F, columns, seed);
      const product = V().multiply(matrix, V().fromElements(z));
      expect(await V().toElements(product)).toEqual(multiplyPlainly(F, m, z));
    }
  });
}

function sumcheckTests(V: Get, F: PrimeField): void {
  test.each([1, 2, 3, 6])("sumcheck rounds on tables of 2^%i", async (k) => {
    const size = 2 ** k;
    const half = size / 2;
    const [a, b, c, w] = [1n, 2n, 3n, 4n].map((seed) =>
      drawElements(F, seed === 4n ? half : size, seed * 7n),
    ) as [bigint[], bigint[], bigint[], bigint[]];
    const vec = (xs: bigint[]): Vec => V().fromElements(xs);
    expect(await V().linearRound(vec(a), vec(w))).toEqual([
      innerProduct(F, a.slice(0, half), w),
      innerProduct(F, a.slice(half), w),
    ]);
    const q = [0n, 1n, 2n].map((X) => {
      const at = (t: bigint[], x: number): bigint => t[x]! + X * (t[x + half]! - t[x]!);
      return F.reduce(w.reduce((sum, wx, x) => sum + wx * (at(a, x) * at(b, x) - at(c, x)), 0n));
    });
    const [q0, q1, q2] = await V().quadraticRound(vec(a), vec(b), vec(c), vec(w));
    expect(q0).toBe(q[0]);
    expect(F.reduce(q0 + q1 + q2)).toBe(q[1]);
    expect(F.reduce(q0 + 2n * q1 + 4n * q2)).toBe(q[2]);
    const [r] = drawElements(F, 1, 17n);
    const bound = V().bindTop(vec(a), r!);
    const expected = w.map((_, x) => F.reduce(a[x]! + r! * (a[x + half]! - a[x]!)));
    expect(await V().toElements(bound)).toEqual(expected);
    expect(await V().innerProduct(bound, vec(w))).toBe(innerProduct(F, expected, w));
  });

  test("binding all variables evaluates the table at the point", async () => {
    const r = drawElements(F, 5, 91n);
    const table = drawElements(F, 32, 92n);
    let t = V().fromElements(table);
    for (const ri of r) t = V().bindTop(t, ri);
    const eq = V().eqTable(r);
    expect(await V().toElements(t)).toEqual([await V().innerProduct(eq, V().fromElements(table))]);
  });
}

const BASE_POINTS: Readonly<Record<CurveName, Point>> = {
  G1: [1n, 2n],
  Grumpkin: [1n, Fp.sqrt(Fp.reduce(-16n))!],
};

function commitTests(engine: () => Engine): void {
  test.each([G1, Grumpkin])("commitments on $name", async (curve) => {
    const base = BASE_POINTS[curve.name];
    const points = [3n, 5n, 7n, 11n, 13n].map((k) => curve.mul(k, base)!);
    const blinding = curve.mul(17n, base)!;
    const key = engine().commitmentKey(curve, pointsToBytes(points), blinding);
    expect(key).toMatchObject({ curve, length: 5 });
    const V = engine()[curve.scalar.name];
    for (const [n, seed] of [
      [0, 1n],
      [1, 2n],
      [4, 3n],
      [5, 4n],
    ] as const) {
      const scalars = drawElements(curve.scalar, n, seed);
      const [blind] = drawElements(curve.scalar, 1, seed + 50n);
      const expected = curve.msm([blinding, ...points.slice(0, n)], [blind!, ...scalars]);
      expect(await engine().commit(key, V.fromElements(scalars), blind!)).toEqual(expected);
    }
  });
}

function permutationTests(engine: () => Engine): void {
  const vectors = readVectors("poseidon.json");

  test.each(vectors.permutations as any[])("Poseidon vector, t = $t", async ({ input, output }) => {
    expect(engine().permute(input)).toEqual(output);
    expect(await engine().permuteAll([input])).toEqual([output]);
  });

  test.each([2, 3, 5, 8, 9, 16, 17])("Poseidon of width %i, batches of 0 to 3", async (t) => {
    const parameters = poseidonParameters(t);
    for (const n of [0, 1, 2, 3]) {
      const states = Array.from({ length: n }, (_, i) => drawElements(Fp, t, BigInt(10 * t + i)));
      const expected = states.map((state) => permuteWith(parameters, state));
      expect(await engine().permuteAll(states)).toEqual(expected);
    }
  });
}

function scopeTests(engine: () => Engine): void {
  test("scopes nest, return results and pass errors on", async () => {
    const V = engine().Fp;
    const outer = V.fromElements([1n, 2n, 3n]);
    const sum = await engine().scope(async () => {
      const inner = await engine().scope(async () => V.toElements(V.add(outer, outer)));
      return V.innerProduct(V.fromElements(inner), outer);
    });
    expect(sum).toBe(28n);
    await expect(
      engine().scope(async () => {
        V.zeros(5);
        throw new Error("inside");
      }),
    ).rejects.toThrow("inside");
    expect(await V.toElements(outer)).toEqual([1n, 2n, 3n]);
  });
}
