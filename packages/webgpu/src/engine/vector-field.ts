// The VectorField port with long vectors on the GPU and short ones in the CPU engine. What has an operand on the
// GPU stays there. Kernels for the port's operations are in kernels.ts; here is where data lies.

import {
  ELEMENT_BYTES,
  AlgebraError,
  type Matrix,
  type PrimeField,
  type QuadraticRound,
  type SparseMatrix,
  type Vec,
  type VectorField,
  type WasmEngine,
  areCanonical,
  assert,
  elementsFromBytes,
  elementsToBytes,
  powers,
} from "@foldmesh/algebra";
import { storageBuffer } from "../kernel.ts";
import type { FieldArithmetic, SparseBuffers } from "./field-arithmetic.ts";
import { NEGATIVE, UNIT } from "./kernels.ts";

/** A vector on the GPU. */
export interface GpuVec extends Vec {
  readonly buffer: GPUBuffer;
}

interface HybridMatrix extends Matrix {
  readonly entries: SparseMatrix;
  cpu: Matrix | null;
  gpu: SparseBuffers | null;
}

export const isOnGpu = (v: Vec): v is GpuVec => "buffer" in v;

export class GpuVectorField implements VectorField {
  readonly field: PrimeField;
  readonly #arithmetic: FieldArithmetic;
  readonly #engine: WasmEngine;
  readonly #cpu: WasmEngine["Fp"];
  /** Shorter vectors start on the CPU. */
  readonly #minimum: number;

  constructor(arithmetic: FieldArithmetic, engine: WasmEngine, minimum: number) {
    this.field = arithmetic.field;
    this.#arithmetic = arithmetic;
    this.#engine = engine;
    this.#cpu = engine[arithmetic.field.name];
    this.#minimum = minimum;
  }

  // ---- where vectors lie

  #wrap(buffer: GPUBuffer, length: number): GpuVec {
    return { field: this.field, length, buffer };
  }

  #isLong(n: number): boolean {
    return n >= this.#minimum;
  }

  /** The vector's buffer; a vector of the CPU is uploaded. */
  #buffer(v: Vec): GPUBuffer {
    assert(v.field === this.field, `a vector over ${v.field.name} given to ${this.field.name}`);
    if (isOnGpu(v)) return v.buffer;
    const { task, memory } = this.#engine.context;
    const mark = task.mark();
    const bytes = new Uint8Array(ELEMENT_BYTES * v.length);
    try {
      const address = this.#cpu.integersOf(v);
      bytes.set(new Uint8Array(memory.buffer, address, bytes.length));
    } finally {
      task.release(mark);
    }
    return this.#upload(bytes).buffer;
  }

  #upload(integers: Uint8Array<ArrayBuffer>): GpuVec {
    const n = integers.length / ELEMENT_BYTES;
    const raw = this.#arithmetic.allocate(n);
    this.#arithmetic.memory.write(raw, 0, integers);
    return this.#wrap(this.#arithmetic.fromIntegers(raw, n), n);
  }

  #copy(to: GPUBuffer, toIndex: number, from: GPUBuffer, fromIndex: number, n: number): void {
    if (n === 0) return;
    const [target, source] = [ELEMENT_BYTES * toIndex, ELEMENT_BYTES * fromIndex];
    const encoder = this.#arithmetic.memory.encoder();
    encoder.copyBufferToBuffer(from, source, to, target, ELEMENT_BYTES * n);
  }

  // ---- in and out

  zeros(n: number): Vec {
    if (!this.#isLong(n)) return this.#cpu.zeros(n);
    const buffer = this.#arithmetic.allocate(n);
    if (n > 0) this.#arithmetic.memory.encoder().clearBuffer(buffer, 0, ELEMENT_BYTES * n);
    return this.#wrap(buffer, n);
  }

  fromElements(elements: readonly bigint[]): Vec {
    if (!this.#isLong(elements.length)) return this.#cpu.fromElements(elements);
    const bad = elements.findIndex((x) => !this.field.isCanonical(x));
    if (bad >= 0) throw new AlgebraError("NON_CANONICAL", `element ${bad} is not canonical`);
    return this.#upload(new Uint8Array(elementsToBytes(elements)));
  }

  fromBytes(bytes: Uint8Array): Vec {
    if (!this.#isLong(bytes.length / ELEMENT_BYTES)) return this.#cpu.fromBytes(bytes);
    if (!areCanonical(bytes, this.field.modulus)) elementsFromBytes(bytes, this.field.modulus); // throws
    return this.#upload(new Uint8Array(bytes)); // a copy: shared memory cannot be handed over
  }

  async toElements(v: Vec): Promise<bigint[]> {
    if (!isOnGpu(v)) return this.#cpu.toElements(v);
    return elementsFromBytes(await this.toBytes(v), this.field.modulus);
  }

  async toBytes(v: Vec): Promise<Uint8Array> {
    if (!isOnGpu(v)) return this.#cpu.toBytes(v);
    return this.#arithmetic.memory.read(this.integers(v), ELEMENT_BYTES * v.length);
  }

  /** Canonical integers of a vector, 32 bytes each, on the GPU. */
  integers(v: Vec): GPUBuffer {
    return this.#arithmetic.toIntegers(this.#buffer(v), v.length);
  }

  // ---- shape

  slice(v: Vec, start: number, end: number): Vec {
    if (!isOnGpu(v)) return this.#cpu.slice(v, start, end);
    const inside = 0 <= start && start <= end && end <= v.length;
    assert(inside, `slice [${start}, ${end}) of ${v.length}`);
    const out = this.#arithmetic.allocate(end - start);
    this.#copy(out, 0, this.#buffer(v), start, end - start);
    return this.#wrap(out, end - start);
  }

  concat(parts: readonly Vec[]): Vec {
    const length = parts.reduce((n, part) => n + part.length, 0);
    if (!this.#isLong(length) && !parts.some(isOnGpu)) return this.#cpu.concat(parts);
    const out = this.#arithmetic.allocate(length);
    let at = 0;
    for (const part of parts) {
      this.#copy(out, at, this.#buffer(part), 0, part.length);
      at += part.length;
    }
    return this.#wrap(out, length);
  }

  padded(v: Vec, n: number): Vec {
    assert(n >= v.length, `cannot pad ${v.length} elements to ${n}`);
    return this.concat([v, this.zeros(n - v.length)]);
  }

  // ---- elementwise

  add(a: Vec, b: Vec): Vec {
    return this.#zip("add", a, b);
  }

  sub(a: Vec, b: Vec): Vec {
    return this.#zip("sub", a, b);
  }

  mul(a: Vec, b: Vec): Vec {
    return this.#zip("mul", a, b);
  }

  #zip(mode: "add" | "sub" | "mul", a: Vec, b: Vec): Vec {
    assert(a.length === b.length, `vectors of lengths ${a.length} and ${b.length}`);
    if (!isOnGpu(a) && !isOnGpu(b)) return this.#cpu[mode](a, b);
    const buffers = [this.#buffer(a), this.#buffer(b)] as const;
    return this.#wrap(this.#arithmetic.zip(mode, buffers, a.length), a.length);
  }

  scale(k: bigint, v: Vec): Vec {
    if (!isOnGpu(v)) return this.#cpu.scale(k, v);
    const buffer = this.#buffer(v);
    return this.#wrap(this.#arithmetic.zip("scale", [buffer, buffer], v.length, k), v.length);
  }

  linear(ks: readonly bigint[], vs: readonly Vec[]): Vec {
    assert(ks.length === vs.length && vs.length > 0, "linear: as many coefficients as vectors");
    if (!vs.some(isOnGpu)) return this.#cpu.linear(ks, vs);
    const [first, ...rest] = vs.map((v) => this.#buffer(v));
    const n = vs[0]!.length;
    assert(
      vs.every((v) => v.length === n),
      "linear: vectors of one length",
    );
    let sum = this.#arithmetic.zip("scale", [first!, first!], n, ks[0]!);
    rest.forEach((buffer, i) => {
      sum = this.#arithmetic.zip("addScaled", [sum, buffer], n, ks[i + 1]!);
    });
    return this.#wrap(sum, n);
  }

  horner(k: bigint, vs: readonly Vec[]): Vec {
    return this.linear(powers(this.field, this.field.reduce(k), vs.length), vs);
  }

  pow(v: Vec, e: bigint): Vec {
    assert(e >= 0n, "pow: negative exponent");
    if (!isOnGpu(v) || e >= 1n << 256n) return this.#cpu.pow(v, e);
    return this.#wrap(this.#arithmetic.power(this.#buffer(v), v.length, e), v.length);
  }

  inverse(v: Vec): Vec {
    if (!isOnGpu(v)) return this.#cpu.inverse(v);
    return this.pow(v, this.field.modulus - 2n); // 0 stays 0
  }

  // ---- built from few elements

  powers(x: bigint, n: number): Vec {
    if (!this.#isLong(n)) return this.#cpu.powers(x, n);
    const out = this.#arithmetic.allocate(n);
    const t = this.#upload(new Uint8Array(elementsToBytes(n > 0 ? [1n] : [])));
    this.#copy(out, 0, t.buffer, 0, t.length);
    let step = this.field.reduce(x); // x^done
    for (let done = 1; done < n; done *= 2) {
      this.#arithmetic.inPlace(out, "powers", Math.min(done, n - done), done, step);
      step = this.field.mul(step, step);
    }
    return this.#wrap(out, n);
  }

  eqTable(r: readonly bigint[]): Vec {
    const n = 2 ** r.length;
    if (!this.#isLong(n)) return this.#cpu.eqTable(r);
    const out = this.#arithmetic.allocate(n);
    this.#copy(out, 0, this.#upload(new Uint8Array(elementsToBytes([1n]))).buffer, 0, 1);
    r.toReversed().forEach((ri, k) => {
      this.#arithmetic.inPlace(out, "eqTable", 2 ** k, 2 ** k, ri);
    });
    return this.#wrap(out, n);
  }

  // ---- reading back

  async innerProduct(a: Vec, b: Vec): Promise<bigint> {
    assert(a.length === b.length, `vectors of lengths ${a.length} and ${b.length}`);
    if (!isOnGpu(a) && !isOnGpu(b)) return this.#cpu.innerProduct(a, b);
    if (a.length === 0) return 0n;
    const term = { a: this.#buffer(a), b: this.#buffer(b), offset: 0 };
    return (await this.#arithmetic.dots([term], a.length))[0]!;
  }

  async isZero(v: Vec): Promise<boolean> {
    if (!isOnGpu(v)) return this.#cpu.isZero(v);
    return v.length === 0 || this.#arithmetic.isZero(this.#buffer(v), v.length);
  }

  /** Poseidon of states of one width; null where the CPU is faster. */
  async permuted(states: readonly (readonly bigint[])[]): Promise<bigint[][] | null> {
    const t = states[0]?.length ?? 0;
    const n = states.length;
    if (n === 0 || !this.#isLong(n * t)) return null;
    const out = this.#arithmetic.permute(this.#buffer(this.fromElements(states.flat())), n, t);
    const lanes = await this.toElements(this.#wrap(out, n * t));
    return states.map((_, i) => lanes.slice(t * i, t * (i + 1)));
  }

  // ---- sparse matrices

  matrix(m: SparseMatrix): Matrix {
    const { rows, columns } = m;
    const matrix: HybridMatrix = {
      field: this.field,
      rows,
      columns,
      entries: m,
      cpu: null,
      gpu: null,
    };
    return matrix;
  }

  multiply(m: Matrix, z: Vec): Vec {
    assert(z.length === m.columns, `${m.columns} columns times ${z.length} elements`);
    const matrix = m as HybridMatrix;
    if (!isOnGpu(z)) {
      matrix.cpu ??= this.#cpu.matrix(matrix.entries);
      return this.#cpu.multiply(matrix.cpu, z);
    }
    matrix.gpu ??= this.#store(matrix.entries);
    const out = this.#arithmetic.sparse(matrix.gpu, m.rows, this.#buffer(z));
    return this.#wrap(out, m.rows);
  }

  #store({ rowStart, column, coefficient, table }: SparseMatrix): SparseBuffers {
    const negativeOne = this.field.modulus - 1n;
    const flags = table.map((k) => (k === 1n ? UNIT : k === negativeOne ? UNIT + NEGATIVE : 0));
    const entries = new Uint32Array(2 * column.length);
    column.forEach((c, e) => {
      entries[2 * e] = c + flags[coefficient[e]!]!;
      entries[2 * e + 1] = coefficient[e]!;
    });
    return {
      starts: this.#storeWords(rowStart),
      entries: this.#storeWords(entries),
      table: this.#arithmetic.resident(table),
    };
  }

  #storeWords(words: Uint32Array): GPUBuffer {
    const { memory } = this.#arithmetic;
    const buffer = storageBuffer(memory.device, words.byteLength);
    const bytes = new Uint8Array(words.byteLength); // a copy: shared memory cannot be handed over
    bytes.set(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
    memory.write(buffer, 0, bytes);
    return buffer;
  }

  // ---- sumcheck

  async linearRound(t: Vec, weights: Vec): Promise<readonly [lo: bigint, hi: bigint]> {
    const half = this.#half(t, weights);
    if (!isOnGpu(t) && !isOnGpu(weights)) return this.#cpu.linearRound(t, weights);
    const [a, b] = [this.#buffer(t), this.#buffer(weights)];
    const terms = [0, half].map((offset) => ({ a, b, offset }));
    const [lo, hi] = await this.#arithmetic.dots(terms, half);
    return [lo!, hi!];
  }

  async quadraticRound(a: Vec, b: Vec, c: Vec, weights: Vec): Promise<QuadraticRound> {
    const half = this.#half(a, weights);
    if (![a, b, c, weights].some(isOnGpu)) return this.#cpu.quadraticRound(a, b, c, weights);
    const tables = [
      this.#buffer(a),
      this.#buffer(b),
      this.#buffer(c),
      this.#buffer(weights),
    ] as const;
    const [q0, at1, q2] = await this.#arithmetic.quadratic(tables, half);
    return [q0!, this.field.reduce(at1! - q0! - q2!), q2!];
  }

  bindTop(t: Vec, r: bigint): Vec {
    assert(t.length >= 2 && t.length % 2 === 0, `cannot bind a table of length ${t.length}`);
    if (!isOnGpu(t)) return this.#cpu.bindTop(t, r);
    const half = t.length / 2;
    this.#arithmetic.inPlace(t.buffer, "bindTop", half, half, r);
    return this.#wrap(t.buffer, half);
  }

  #half(t: Vec, weights: Vec): number {
    assert(t.length === 2 * weights.length, `${t.length} table entries, ${weights.length} weights`);
    return weights.length;
  }
}
