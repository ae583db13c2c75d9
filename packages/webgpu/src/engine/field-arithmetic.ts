// Elements of one field as the GPU holds them, and the commands on buffers of them.

import {
  ELEMENT_BYTES,
  type PoseidonParameters,
  type PrimeField,
  elementsToBytes,
  poseidonParameters,
  readElement,
  viewOf,
} from "@foldmesh/algebra";
import type { Device } from "../device.ts";
import { type Program, compile, storageBuffer } from "../kernel.ts";
import { type Layout, radixOf } from "../wgsl/layout.ts";
import { IN_PLACE, PARTIAL_SUMS, type VectorKernelName, ZIP, vectorKernels } from "./kernels.ts";
import type { VectorMemory } from "./memory.ts";

const CONSTANT_AT = 8;

type Programs = Readonly<Record<VectorKernelName, Program>>;

export class FieldArithmetic {
  readonly field: PrimeField;
  readonly memory: VectorMemory;
  readonly #programs: Programs;
  readonly #R: bigint;
  readonly #inverseR: bigint;
  readonly #constants = new Map<number, PoseidonConstants>();

  private constructor(field: PrimeField, memory: VectorMemory, layout: Layout, programs: Programs) {
    this.field = field;
    this.memory = memory;
    this.#programs = programs;
    this.#R = field.reduce(radixOf(layout));
    this.#inverseR = field.inv(this.#R);
  }

  static async open(
    field: PrimeField,
    device: Device,
    memory: VectorMemory,
    layout: Layout,
  ): Promise<FieldArithmetic> {
    const kernels = Object.entries(vectorKernels(field, layout));
    const programs = await Promise.all(
      kernels.map(async ([name, kernel]) => [name, await compile(device, kernel)] as const),
    );
    return new FieldArithmetic(field, memory, layout, Object.fromEntries(programs) as Programs);
  }

  allocate(n: number): GPUBuffer {
    return this.memory.allocate(ELEMENT_BYTES * n);
  }

  /** A buffer that outlives scopes. */
  resident(elements: readonly bigint[]): GPUBuffer {
    const buffer = storageBuffer(this.memory.device, ELEMENT_BYTES * elements.length);
    const words = elementsToBytes(elements.map((x) => this.field.mul(x, this.#R)));
    this.memory.write(buffer, 0, words as Uint8Array<ArrayBuffer>);
    return buffer;
  }

  // ---- constants

  /** The integer's words as parameters from 8 on. */
  #words(x: bigint): number[] {
    return Array.from({ length: CONSTANT_AT }, (_, k) =>
      Number(BigInt.asUintN(32, x >> BigInt(32 * k))),
    );
  }

  #params(numbers: readonly number[], constant: bigint): number[] {
    const gap = Array.from({ length: CONSTANT_AT - numbers.length }, () => 0);
    return [...numbers, ...gap, ...this.#words(constant)];
  }

  /** k·R: what a multiplication by k takes. */
  #encode(k: bigint): bigint {
    return this.field.mul(k, this.#R);
  }

  decode(word: bigint): bigint {
    return this.field.mul(word, this.#inverseR);
  }

  // ---- elementwise

  zip(
    mode: keyof typeof ZIP,
    [a, b]: readonly [GPUBuffer, GPUBuffer],
    n: number,
    k: bigint = 0n,
  ): GPUBuffer {
    const out = this.allocate(n);
    this.memory.run(
      this.#programs.zip,
      [a, b, out],
      n,
      this.#params([n, ZIP[mode]], this.#encode(k)),
    );
    return out;
  }

  /** Integers to elements: times R², divided by R. */
  fromIntegers(integers: GPUBuffer, n: number): GPUBuffer {
    return this.zip("scale", [integers, integers], n, this.#R);
  }

  /** Elements to integers: times 1, divided by R. */
  toIntegers(a: GPUBuffer, n: number): GPUBuffer {
    return this.zip("scale", [a, a], n, this.#inverseR);
  }

  power(a: GPUBuffer, n: number, e: bigint): GPUBuffer {
    const out = this.allocate(n);
    this.memory.run(this.#programs.power, [a, out], n, this.#params([n], e));
    return out;
  }

  inPlace(t: GPUBuffer, mode: keyof typeof IN_PLACE, n: number, distance: number, k: bigint): void {
    const params = this.#params([n, IN_PLACE[mode], distance], this.#encode(k));
    this.memory.run(this.#programs.inPlace, [t], n, params);
  }

  /** The permutation of `n` states that lie one after the other. */
  permute(states: GPUBuffer, n: number, t: number): GPUBuffer {
    const { parameters, buffer } = this.#poseidon(t);
    const { rounds, partialRounds } = parameters;
    const out = this.allocate(n * t);
    const params = [n, t, rounds, partialRounds];
    this.memory.run(this.#programs.poseidon, [states, buffer, out], n, params);
    return out;
  }

  #poseidon(t: number): PoseidonConstants {
    const known = this.#constants.get(t);
    if (known !== undefined) return known;
    const parameters = poseidonParameters(t);
    const { roundConstants, mds } = parameters;
    const made = { parameters, buffer: this.resident([...roundConstants, ...mds.flat()]) };
    this.#constants.set(t, made);
    return made;
  }

  sparse({ starts, entries, table }: SparseBuffers, rows: number, z: GPUBuffer): GPUBuffer {
    const out = this.allocate(rows);
    this.memory.run(this.#programs.sparse, [starts, entries, table, z, out], rows, [rows]);
    return out;
  }

  // ---- reading back

  /** Σ a[i + offset]·b[i], of elements of one vector each. */
  async dots(
    terms: readonly { readonly a: GPUBuffer; readonly b: GPUBuffer; readonly offset: number }[],
    n: number,
  ): Promise<bigint[]> {
    const threads = threadsFor(n);
    const sums = this.allocate(terms.length * threads);
    terms.forEach(({ a, b, offset }, k) => {
      const params = [n, threads, 1, offset, k * threads];
      this.memory.run(this.#programs.dot, [a, b, sums], threads, params);
    });
    return this.#totals(sums, threads, terms.length);
  }

  /** Σ w·(ab − c) at 0 and at 1, Σ w·Δa·Δb. */
  async quadratic(
    tables: readonly [a: GPUBuffer, b: GPUBuffer, c: GPUBuffer, w: GPUBuffer],
    half: number,
  ): Promise<bigint[]> {
    const threads = threadsFor(half);
    const sums = this.allocate(3 * threads);
    this.memory.run(this.#programs.quadratic, [...tables, sums], threads, [half, threads]);
    return this.#totals(sums, threads, 3);
  }

  /** Sums of `lists` neighbouring lists of `length`. */
  async #totals(sums: GPUBuffer, length: number, lists: number): Promise<bigint[]> {
    let [from, n] = [sums, length];
    while (n > 1) {
      const threads = Math.ceil(n / 32);
      const to = this.allocate(lists * threads);
      for (let k = 0; k < lists; k++) {
        const params = [n, threads, 0, k * n, k * threads];
        this.memory.run(this.#programs.dot, [from, from, to], threads, params);
      }
      [from, n] = [to, threads];
    }
    const view = viewOf(await this.memory.read(from, ELEMENT_BYTES * lists));
    return Array.from({ length: lists }, (_, k) =>
      this.decode(readElement(view, ELEMENT_BYTES * k)),
    );
  }

  async isZero(a: GPUBuffer, n: number): Promise<boolean> {
    const found = this.allocate(1);
    this.memory.encoder().clearBuffer(found, 0, 4);
    const words = (ELEMENT_BYTES / 4) * n;
    this.memory.run(this.#programs.anySet, [a, found], words, [words]);
    const [flag] = await this.memory.read(found, 4);
    return flag === 0;
  }
}

interface PoseidonConstants {
  readonly parameters: PoseidonParameters;
  readonly buffer: GPUBuffer;
}

/** A sparse matrix on the GPU; outlives scopes. */
export interface SparseBuffers {
  readonly starts: GPUBuffer;
  readonly entries: GPUBuffer;
  readonly table: GPUBuffer;
}

/** Every thread sums what lies `threads` apart: at least 16 elements, and not more threads than fill a GPU. */
const threadsFor = (n: number): number => Math.max(1, Math.min(PARTIAL_SUMS, Math.ceil(n / 16)));
