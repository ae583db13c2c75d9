import { type Backend, ELEMENT, PAIR } from "../codegen/backend.ts";
import type { PrimeField } from "../field.ts";
import { writeElement } from "../bytes.ts";
import type { FieldKernels } from "./kernels.ts";
import type { Allocator } from "./memory.ts";

/** Bytes of a standard-form integer. */
export const INTEGER = 32;

export const pairsFor = (n: number): number => (n + 1) >>> 1;

/** Moves elements of one field between bigints and memory, and hands out blocks for vectors. */
export class FieldMemory {
  readonly field: PrimeField;
  readonly kernels: FieldKernels;
  readonly #backend: Backend;
  readonly #memory: WebAssembly.Memory;
  readonly #R: bigint;
  readonly #inverseR: bigint;
  readonly task: Allocator;

  constructor(
    field: PrimeField,
    backend: Backend,
    kernels: FieldKernels,
    memory: WebAssembly.Memory,
    task: Allocator,
  ) {
    this.field = field;
    this.kernels = kernels;
    this.#backend = backend;
    this.#memory = memory;
    this.#R = field.reduce(backend.R);
    this.#inverseR = field.inv(this.#R);
    this.task = task;
  }

  /** The whole memory; taken anew at each use because it may have grown. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#memory.buffer);
  }

  view(): DataView {
    return new DataView(this.#memory.buffer);
  }

  /** x in element layout, Montgomery form: 40 bytes. */
  encode(x: bigint): Uint8Array {
    return this.#backend.encodeInteger(this.field.mul(x, this.#R), this.field.modulus);
  }

  /** Two elements in pair layout: 80 bytes. */
  encodePair(x: bigint, y: bigint): Uint8Array {
    return this.#backend.pair(this.encode(x), this.encode(y));
  }

  readPair(address: number): [bigint, bigint] {
    const pair = this.bytes().slice(address, address + PAIR);
    const [x, y] = this.#backend.unpair(pair);
    return [this.#decode(x), this.#decode(y)];
  }

  writePair(address: number, x: bigint, y: bigint): void {
    this.bytes().set(this.encodePair(x, y), address);
  }

  #decode(bytes: Uint8Array): bigint {
    return this.field.mul(this.#backend.decodeInteger(bytes), this.#inverseR);
  }

  /** Byte offset of an element in its vector. */
  elementOffset(index: number): number {
    return this.#backend.elementOffset(index);
  }

  /** Sets element `index` of the vector at `address` to zero. */
  clearElement(address: number, index: number): void {
    const at = address + PAIR * (index >> 1);
    const lanes = this.#backend.unpair(this.bytes().slice(at, at + PAIR)).map((x) => x.slice());
    lanes[index & 1]!.fill(0);
    this.bytes().set(this.#backend.pair(lanes[0]!, lanes[1]!), at);
  }

  /** A block for n elements whose last pair is zero, so that a padding lane is. */
  allocVector(n: number): number {
    const pairs = pairsFor(n);
    const address = this.task.alloc(Math.max(pairs, 1) * PAIR);
    if (pairs > 0) this.bytes().fill(0, address + PAIR * (pairs - 1), address + PAIR * pairs);
    return address;
  }

  /** Scratch for a pair that holds x in both lanes. */
  allocConstant(x: bigint): number {
    const address = this.task.alloc(PAIR);
    this.bytes().set(this.encodePair(x, x), address);
    return address;
  }

  /** Frees what `body` allocates. */
  scratch<T>(body: () => T): T {
    const mark = this.task.mark();
    try {
      return body();
    } finally {
      this.task.release(mark);
    }
  }

  /** Writes canonical integers at `address`, 32 bytes each, and a zero after an odd number. */
  writeIntegers(address: number, elements: readonly bigint[]): void {
    const view = this.view();
    elements.forEach((x, i) => writeElement(view, address + INTEGER * i, x));
    if (elements.length % 2 === 1) {
      writeElement(view, address + INTEGER * elements.length, 0n);
    }
  }

  /** n elements from index si of src to index di of dst; the destination's padding stays as it is. */
  copy(dst: number, di: number, src: number, si: number, n: number): void {
    const even = n - (n % 2);
    if (di % 2 === 1 || si % 2 === 1) {
      this.kernels.copyElements(dst, di, src, si, n);
      return;
    }
    this.copyBytes(dst + ELEMENT * di, src + ELEMENT * si, ELEMENT * even);
    if (even < n) this.kernels.copyElements(dst, di + even, src, si + even, 1);
  }

  copyBytes(dst: number, src: number, length: number): void {
    this.bytes().copyWithin(dst, src, src + length);
  }
}
