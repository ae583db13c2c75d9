import { elementsFromBytes, readElement } from "../bytes.ts";
import type { Matrix, QuadraticRound, SparseMatrix, Vec, VectorField } from "../engine.ts";
import { AlgebraError, assert } from "../errors.ts";
import { type PrimeField, powers } from "../field.ts";
import { PAIR } from "../codegen/backend.ts";
import { type FieldMemory, INTEGER, pairsFor } from "./field-memory.ts";
import { batchInverse } from "./inverse.ts";
import type { FieldKernels } from "./kernels.ts";
import type { Allocator } from "./memory.ts";
import { powerElementwise } from "./power.ts";
import { type SparseProgram, type StoredTables, storeSparse } from "./sparse-program.ts";
import { quadraticRoundOfOne } from "./sumcheck-small.ts";

/**
 * A vector in memory: pairs of 80 bytes, element i in lane i mod 2 of pair ⌊i/2⌋. The padding lane of
 * an odd length is always zero, so whole pairs can be added, multiplied, summed and tested.
 */
export interface WasmVec extends Vec {
  readonly address: number;
}

export interface WasmMatrix extends Matrix {
  readonly program: SparseProgram;
}

export class WasmVectorField implements VectorField {
  readonly field: PrimeField;
  readonly memory: FieldMemory;
  readonly #kernels: FieldKernels;
  readonly #resident: Allocator;
  readonly #tables: StoredTables = new WeakMap();

  constructor(memory: FieldMemory, resident: Allocator) {
    this.field = memory.field;
    this.memory = memory;
    this.#kernels = memory.kernels;
    this.#resident = resident;
  }

  // ---- in and out

  zeros(n: number): Vec {
    const v = this.#alloc(n);
    this.memory.bytes().fill(0, v.address, v.address + PAIR * pairsFor(n));
    return v;
  }

  fromElements(elements: readonly bigint[]): Vec {
    const bad = elements.findIndex((x) => !this.field.isCanonical(x));
    if (bad >= 0) throw new AlgebraError("NON_CANONICAL", `element ${bad} is not canonical`);
    const v = this.#alloc(elements.length);
    this.memory.scratch(() => {
      const integers = this.#allocIntegers(elements.length);
      this.memory.writeIntegers(integers, elements);
      this.#kernels.fromIntegers(v.address, integers, pairsFor(elements.length));
    });
    return v;
  }

  fromBytes(bytes: Uint8Array): Vec {
    if (bytes.length % INTEGER !== 0) {
      const message = `expected a multiple of ${INTEGER} bytes, got ${bytes.length}`;
      throw new AlgebraError("BAD_LENGTH", message);
    }
    const n = bytes.length / INTEGER;
    const v = this.#alloc(n);
    const bad = this.memory.scratch(() => {
      const integers = this.#allocIntegers(n);
      const target = this.memory.bytes();
      target.set(bytes, integers);
      target.fill(0, integers + INTEGER * n, integers + 2 * INTEGER * pairsFor(n));
      return this.#kernels.fromIntegers(v.address, integers, pairsFor(n));
    });
    if (bad !== 0) elementsFromBytes(bytes, this.field.modulus); // throws, naming the element
    return v;
  }

  async toElements(v: Vec): Promise<bigint[]> {
    const bytes = this.#integers(v);
    const view = new DataView(bytes.buffer);
    return Array.from({ length: v.length }, (_, i) => readElement(view, INTEGER * i));
  }

  async toBytes(v: Vec): Promise<Uint8Array> {
    return this.#integers(v);
  }

  /** Standard-form 32-byte integers of v in memory; the block belongs to the caller's mark. */
  integersOf(v: Vec): number {
    const integers = this.#allocIntegers(v.length);
    this.#kernels.toIntegers(integers, this.#read(v), pairsFor(v.length));
    return integers;
  }

  #integers(v: Vec): Uint8Array<ArrayBuffer> {
    return this.memory.scratch(() => {
      const integers = this.integersOf(v);
      const out = new Uint8Array(INTEGER * v.length);
      out.set(this.memory.bytes().subarray(integers, integers + out.length));
      return out;
    });
  }

  #allocIntegers(n: number): number {
    return this.memory.task.alloc(2 * INTEGER * Math.max(1, pairsFor(n)));
  }

  #alloc(n: number): WasmVec {
    return { field: this.field, length: n, address: this.memory.allocVector(n) };
  }

  #read(v: Vec): number {
    assert(v.field === this.field, `a vector over ${v.field.name} given to ${this.field.name}`);
    return (v as WasmVec).address;
  }

  // ---- shape

  slice(v: Vec, start: number, end: number): Vec {
    const inside = 0 <= start && start <= end && end <= v.length;
    assert(inside, `slice [${start}, ${end}) of ${v.length}`);
    const out = this.#alloc(end - start);
    this.memory.copy(out.address, 0, this.#read(v), start, end - start);
    return out;
  }

  concat(parts: readonly Vec[]): Vec {
    const out = this.#alloc(parts.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of parts) {
      this.memory.copy(out.address, at, this.#read(part), 0, part.length);
      at += part.length;
    }
    return out;
  }

  padded(v: Vec, n: number): Vec {
    assert(n >= v.length, `cannot pad ${v.length} elements to ${n}`);
    const out = this.zeros(n);
    this.memory.copy((out as WasmVec).address, 0, this.#read(v), 0, v.length);
    return out;
  }

  // ---- elementwise

  add(a: Vec, b: Vec): Vec {
    return this.#zip(a, b, "add");
  }

  sub(a: Vec, b: Vec): Vec {
    return this.#zip(a, b, "sub");
  }

  mul(a: Vec, b: Vec): Vec {
    return this.#zip(a, b, "mul");
  }

  #zip(a: Vec, b: Vec, kernel: "add" | "sub" | "mul"): Vec {
    const pairs = this.#samePairs(a, b);
    const out = this.#alloc(a.length);
    this.#kernels[kernel](out.address, this.#read(a), this.#read(b), pairs);
    return out;
  }

  #samePairs(a: Vec, b: Vec): number {
    assert(a.length === b.length, `vectors of lengths ${a.length} and ${b.length}`);
    return pairsFor(a.length);
  }

  scale(k: bigint, v: Vec): Vec {
    const out = this.#alloc(v.length);
    this.memory.scratch(() => {
      const constant = this.memory.allocConstant(k);
      this.#kernels.scale(out.address, this.#read(v), constant, pairsFor(v.length));
    });
    return out;
  }

  linear(ks: readonly bigint[], vs: readonly Vec[]): Vec {
    assert(ks.length === vs.length && vs.length > 0, "linear: as many coefficients as vectors");
    vs.forEach((v) => this.#samePairs(vs[0]!, v));
    const out = this.#alloc(vs[0]!.length);
    this.memory.scratch(() => {
      const terms = this.memory.task.alloc(8 * vs.length);
      const constants = ks.map((k) => this.memory.allocConstant(k));
      const view = this.memory.view();
      vs.forEach((v, i) => {
        view.setUint32(terms + 8 * i, constants[i]!, true);
        view.setUint32(terms + 8 * i + 4, this.#read(v), true);
      });
      this.#kernels.linear(out.address, terms, vs.length, pairsFor(out.length));
    });
    return out;
  }

  horner(k: bigint, vs: readonly Vec[]): Vec {
    return this.linear(powers(this.field, this.field.reduce(k), vs.length), vs);
  }

  pow(v: Vec, e: bigint): Vec {
    assert(e >= 0n, "pow: negative exponent");
    const out = this.#alloc(v.length);
    powerElementwise(this.memory, out.address, this.#read(v), pairsFor(v.length), e);
    this.#clearPadding(out);
    return out;
  }

  inverse(v: Vec): Vec {
    const out = this.#alloc(v.length);
    batchInverse(this.memory, out.address, this.#read(v), pairsFor(v.length));
    return out;
  }

  // ---- built from few elements

  powers(x: bigint, n: number): Vec {
    const out = this.#alloc(n);
    const pairs = pairsFor(n);
    if (pairs > 0) this.memory.writePair(out.address, 1n, x);
    let step = this.field.mul(x, x); // x^(2·done)
    for (let done = 1; done < pairs; done *= 2) {
      const count = Math.min(done, pairs - done);
      this.memory.scratch(() => {
        const k = this.memory.allocConstant(step);
        this.#kernels.scale(out.address + PAIR * done, out.address, k, count);
      });
      step = this.field.mul(step, step);
    }
    this.#clearPadding(out);
    return out;
  }

  eqTable(r: readonly bigint[]): Vec {
    const out = this.#alloc(2 ** r.length);
    const last = r.at(-1);
    if (last === undefined) {
      this.memory.writePair(out.address, 1n, 0n);
      return out;
    }
    this.memory.writePair(out.address, this.field.sub(1n, last), this.field.reduce(last));
    for (let k = r.length - 2, pairs = 1; k >= 0; k--, pairs *= 2) {
      const upper = out.address + PAIR * pairs;
      this.memory.scratch(() => {
        this.#kernels.scale(upper, out.address, this.memory.allocConstant(r[k]!), pairs);
      });
      this.#kernels.sub(out.address, out.address, upper, pairs);
    }
    return out;
  }

  #clearPadding(v: WasmVec): void {
    if (v.length % 2 === 1) this.memory.clearElement(v.address, v.length);
  }

  // ---- reading back

  async innerProduct(a: Vec, b: Vec): Promise<bigint> {
    const pairs = this.#samePairs(a, b);
    return this.#innerProduct(this.#read(a), this.#read(b), pairs);
  }

  #innerProduct(a: number, b: number, pairs: number): bigint {
    return this.memory.scratch(() => {
      const sum = this.memory.task.alloc(PAIR);
      this.#kernels.innerProduct(sum, a, b, pairs);
      return this.#lanesSum(sum);
    });
  }

  #lanesSum(address: number): bigint {
    const [x, y] = this.memory.readPair(address);
    return this.field.add(x, y);
  }

  async isZero(v: Vec): Promise<boolean> {
    return this.#kernels.isZero(this.#read(v), pairsFor(v.length)) !== 0;
  }

  // ---- sparse matrices

  matrix(m: SparseMatrix): Matrix {
    return this.adopt(storeSparse(this.memory, this.#resident, m, this.#tables));
  }

  /** A matrix that another rank has stored. */
  adopt(program: SparseProgram): Matrix {
    const { rows, columns } = program;
    const matrix: WasmMatrix = { field: this.field, rows, columns, program };
    return matrix;
  }

  multiply(m: Matrix, z: Vec): Vec {
    assert(z.length === m.columns, `${m.columns} columns times ${z.length} elements`);
    assert(m.field === this.field, `a matrix over ${m.field.name} given to ${this.field.name}`);
    const { address, rowPairs } = (m as WasmMatrix).program;
    const out = this.#alloc(m.rows);
    this.#kernels.multiplySparse(address, this.#read(z), out.address, rowPairs);
    return out;
  }

  // ---- sumcheck

  async linearRound(t: Vec, weights: Vec): Promise<readonly [lo: bigint, hi: bigint]> {
    const half = this.#half(t, weights);
    const [table, w] = [this.#read(t), this.#read(weights)];
    if (half === 1) {
      const [lo, hi] = this.memory.readPair(table);
      const [weight] = this.memory.readPair(w);
      return [this.field.mul(lo, weight), this.field.mul(hi, weight)];
    }
    const pairs = half / 2;
    const upper = table + PAIR * pairs;
    return [this.#innerProduct(table, w, pairs), this.#innerProduct(upper, w, pairs)];
  }

  async quadraticRound(a: Vec, b: Vec, c: Vec, weights: Vec): Promise<QuadraticRound> {
    const half = this.#half(a, weights);
    this.#samePairs(a, b);
    this.#samePairs(a, c);
    const [at, bt, ct, w] = [a, b, c, weights].map((v) => this.#read(v)) as [
      number,
      number,
      number,
      number,
    ];
    if (half === 1) {
      const tables = [at, bt, ct].map((address) => this.memory.readPair(address));
      return quadraticRoundOfOne(this.field, tables, this.memory.readPair(w)[0]);
    }
    const pairs = half / 2;
    return this.memory.scratch(() => {
      const sums = this.memory.task.alloc(3 * PAIR);
      this.#kernels.quadraticRound(sums, at, bt, ct, w, PAIR * pairs, pairs);
      const [q0, at1, q2] = [0, 1, 2].map((k) => this.#lanesSum(sums + PAIR * k));
      return [q0!, this.field.reduce(at1! - q0! - q2!), q2!];
    });
  }

  bindTop(t: Vec, r: bigint): Vec {
    assert(t.length >= 2 && t.length % 2 === 0, `cannot bind a table of length ${t.length}`);
    const half = t.length / 2;
    const address = this.#read(t);
    const bound: WasmVec = { field: this.field, length: half, address };
    if (half === 1) {
      const [lo, hi] = this.memory.readPair(address);
      this.memory.writePair(address, this.field.reduce(lo + r * (hi - lo)), 0n);
      return bound;
    }
    assert(half % 2 === 0, `table length ${t.length} is not a power of two`);
    const pairs = half / 2;
    this.memory.scratch(() => {
      const k = this.memory.allocConstant(r);
      this.#kernels.bindTop(address, address, address + PAIR * pairs, k, pairs);
    });
    return bound;
  }

  #half(t: Vec, weights: Vec): number {
    assert(t.length === 2 * weights.length, `${t.length} table entries, ${weights.length} weights`);
    const half = weights.length;
    assert(half === 1 || half % 2 === 0, `table length ${t.length} is not a power of two`);
    return half;
  }
}
