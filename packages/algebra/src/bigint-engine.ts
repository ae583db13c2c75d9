// The readable twin of every kernel: the Engine port on plain BigInt. Slow; the oracle of the
// compliance suite and the last fallback.

import { elementsFromBytes, elementsToBytes } from "./bytes.ts";
import type { Curve, Point } from "./curve.ts";
import type {
  CommitmentKey,
  Engine,
  Matrix,
  QuadraticRound,
  SparseMatrix,
  Vec,
  VectorField,
} from "./engine.ts";
import { AlgebraError, assert } from "./errors.ts";
import { Fp, Fq, type PrimeField, horner, innerProduct, powers } from "./field.ts";
import { pointsFromBytes } from "./points.ts";
import { plainPoseidon } from "./poseidon.ts";

interface BigIntVec extends Vec {
  readonly elements: readonly bigint[];
}

interface BigIntMatrix extends Matrix {
  readonly entries: SparseMatrix;
}

interface BigIntKey extends CommitmentKey {
  readonly bases: readonly Point[];
  readonly blinding: Point;
}

class BigIntVectorField implements VectorField {
  readonly field: PrimeField;

  constructor(field: PrimeField) {
    this.field = field;
  }

  #wrap(elements: readonly bigint[]): BigIntVec {
    return { field: this.field, length: elements.length, elements };
  }

  #read(v: Vec): readonly bigint[] {
    assert(v.field === this.field, `a vector over ${v.field.name} given to ${this.field.name}`);
    return (v as BigIntVec).elements;
  }

  #zip(a: Vec, b: Vec, f: (x: bigint, y: bigint) => bigint): Vec {
    assert(a.length === b.length, `vectors of lengths ${a.length} and ${b.length}`);
    const ys = this.#read(b);
    return this.#wrap(this.#read(a).map((x, i) => f(x, ys[i]!)));
  }

  zeros(n: number): Vec {
    return this.#wrap(Array.from({ length: n }, () => 0n));
  }

  fromElements(elements: readonly bigint[]): Vec {
    const bad = elements.findIndex((x) => !this.field.isCanonical(x));
    if (bad >= 0) throw new AlgebraError("NON_CANONICAL", `element ${bad} is not canonical`);
    return this.#wrap([...elements]);
  }

  fromBytes(bytes: Uint8Array): Vec {
    return this.#wrap(elementsFromBytes(bytes, this.field.modulus));
  }

  async toElements(v: Vec): Promise<bigint[]> {
    return [...this.#read(v)];
  }

  async toBytes(v: Vec): Promise<Uint8Array> {
    return elementsToBytes(this.#read(v));
  }

  slice(v: Vec, start: number, end: number): Vec {
    assert(
      0 <= start && start <= end && end <= v.length,
      `slice [${start}, ${end}) of ${v.length}`,
    );
    return this.#wrap(this.#read(v).slice(start, end));
  }

  concat(parts: readonly Vec[]): Vec {
    return this.#wrap(parts.flatMap((part) => this.#read(part)));
  }

  padded(v: Vec, n: number): Vec {
    assert(n >= v.length, `cannot pad ${v.length} elements to ${n}`);
    return this.concat([v, this.zeros(n - v.length)]);
  }

  add(a: Vec, b: Vec): Vec {
    return this.#zip(a, b, (x, y) => this.field.add(x, y));
  }

  sub(a: Vec, b: Vec): Vec {
    return this.#zip(a, b, (x, y) => this.field.sub(x, y));
  }

  mul(a: Vec, b: Vec): Vec {
    return this.#zip(a, b, (x, y) => this.field.mul(x, y));
  }

  scale(k: bigint, v: Vec): Vec {
    return this.#wrap(this.#read(v).map((x) => this.field.mul(k, x)));
  }

  linear(ks: readonly bigint[], vs: readonly Vec[]): Vec {
    assert(ks.length === vs.length && vs.length > 0, "linear: as many coefficients as vectors");
    const columns = vs.map((v) => this.#read(v));
    return this.#wrap(
      columns[0]!.map((_, x) =>
        this.field.reduce(ks.reduce((sum, k, i) => sum + k * columns[i]![x]!, 0n)),
      ),
    );
  }

  horner(k: bigint, vs: readonly Vec[]): Vec {
    const columns = vs.map((v) => this.#read(v));
    assert(columns.length > 0, "horner: no vectors");
    return this.#wrap(
      columns[0]!.map((_, x) =>
        horner(
          this.field,
          k,
          columns.map((column) => column[x]!),
        ),
      ),
    );
  }

  async innerProduct(a: Vec, b: Vec): Promise<bigint> {
    assert(a.length === b.length, `vectors of lengths ${a.length} and ${b.length}`);
    return innerProduct(this.field, this.#read(a), this.#read(b));
  }

  powers(x: bigint, n: number): Vec {
    return this.#wrap(powers(this.field, x, n));
  }

  eqTable(r: readonly bigint[]): Vec {
    let table = [1n];
    for (const ri of r) {
      table = table.flatMap((e) => {
        const one = this.field.mul(e, ri);
        return [this.field.sub(e, one), one];
      });
    }
    return this.#wrap(table);
  }

  pow(v: Vec, e: bigint): Vec {
    return this.#wrap(this.#read(v).map((x) => this.field.pow(x, e)));
  }

  inverse(v: Vec): Vec {
    const elements = this.#read(v);
    const inverses = this.field.batchInv(elements.map((x) => (x === 0n ? 1n : x)));
    return this.#wrap(inverses.map((x, i) => (elements[i] === 0n ? 0n : x)));
  }

  async isZero(v: Vec): Promise<boolean> {
    return this.#read(v).every((x) => x === 0n);
  }

  matrix(m: SparseMatrix): Matrix {
    const handle: BigIntMatrix = {
      field: this.field,
      rows: m.rows,
      columns: m.columns,
      entries: m,
    };
    return handle;
  }

  multiply(matrix: Matrix, z: Vec): Vec {
    assert(z.length === matrix.columns, `${matrix.columns} columns times ${z.length} elements`);
    const m = (matrix as BigIntMatrix).entries;
    const elements = this.#read(z);
    const out: bigint[] = [];
    for (let x = 0; x < m.rows; x++) {
      let sum = 0n;
      for (let e = m.rowStart[x]!; e < m.rowStart[x + 1]!; e++) {
        sum += m.table[m.coefficient[e]!]! * elements[m.column[e]!]!;
      }
      out[x] = this.field.reduce(sum);
    }
    return this.#wrap(out);
  }

  async linearRound(t: Vec, weights: Vec): Promise<readonly [lo: bigint, hi: bigint]> {
    const half = this.#half(t, weights);
    const elements = this.#read(t);
    const ws = this.#read(weights);
    return [
      innerProduct(this.field, elements.slice(0, half), ws),
      innerProduct(this.field, elements.slice(half), ws),
    ];
  }

  async quadraticRound(a: Vec, b: Vec, c: Vec, weights: Vec): Promise<QuadraticRound> {
    const half = this.#half(a, weights);
    const [as, bs, cs, ws] = [this.#read(a), this.#read(b), this.#read(c), this.#read(weights)];
    let q0 = 0n;
    let q1 = 0n;
    let q2 = 0n;
    for (let x = 0; x < half; x++) {
      const [a0, b0, c0] = [as[x]!, bs[x]!, cs[x]!];
      const [da, db, dc] = [as[x + half]! - a0, bs[x + half]! - b0, cs[x + half]! - c0];
      q0 += ws[x]! * this.field.reduce(a0 * b0 - c0);
      q1 += ws[x]! * this.field.reduce(a0 * db + da * b0 - dc);
      q2 += ws[x]! * this.field.reduce(da * db);
    }
    return [this.field.reduce(q0), this.field.reduce(q1), this.field.reduce(q2)];
  }

  bindTop(t: Vec, r: bigint): Vec {
    const elements = this.#read(t);
    const half = elements.length / 2;
    return this.#wrap(
      Array.from({ length: half }, (_, x) =>
        this.field.reduce(elements[x]! + r * (elements[x + half]! - elements[x]!)),
      ),
    );
  }

  #half(t: Vec, weights: Vec): number {
    assert(t.length === 2 * weights.length, `${t.length} table entries, ${weights.length} weights`);
    return weights.length;
  }
}

/** The Engine port on BigInt. */
export function bigintEngine(): Engine {
  const permute = plainPoseidon();
  return {
    name: "bigint",
    Fp: new BigIntVectorField(Fp),
    Fq: new BigIntVectorField(Fq),
    scope: (body) => body(),
    commitmentKey(curve: Curve, bases: Uint8Array, blinding: Point): CommitmentKey {
      const points = pointsFromBytes(curve, bases);
      const key: BigIntKey = { curve, length: points.length, bases: points, blinding };
      return key;
    },
    async commit(key: CommitmentKey, v: Vec, blind: bigint): Promise<Point | null> {
      const { curve, bases, blinding } = key as BigIntKey;
      assert(v.length <= key.length, `${v.length} elements, ${key.length} bases`);
      assert(v.field === curve.scalar, `scalars of ${curve.name} are over ${curve.scalar.name}`);
      const scalars = (v as BigIntVec).elements;
      return curve.msm([blinding, ...bases.slice(0, v.length)], [blind, ...scalars]);
    },
    permute,
    permuteAll: async (states) => states.map((state) => permute(state)),
    close() {},
  };
}
