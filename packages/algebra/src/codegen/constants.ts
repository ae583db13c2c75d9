import { bytes64, i32, type Code, type Local } from "./emitter.ts";
import { assert } from "../errors.ts";

/**
 * 16-byte constants of one module in its static area. Kernels load them at each use: a load is
 * cheaper than what engines make of v128.const, and keeps registers free.
 */
export class ConstantPool {
  readonly #base: number;
  readonly #capacity: number;
  readonly #addresses = new Map<string, number>();
  readonly #bytes: number[] = [];

  /** @param capacity bytes reserved at `base` in static.ts */
  constructor(base: number, capacity: number) {
    this.#base = base;
    this.#capacity = capacity;
  }

  /** Address of a 16-byte constant with the given 64-bit lanes. */
  v128(low: bigint, high: bigint = low): number {
    return this.block(Uint8Array.from([...bytes64(low), ...bytes64(high)]));
  }

  /** Address of a block of bytes, 16-byte aligned; equal blocks are stored once. */
  block(bytes: Uint8Array): number {
    const key = bytes.join();
    const known = this.#addresses.get(key);
    if (known !== undefined) return known;
    const address = this.#base + this.#bytes.length;
    this.#addresses.set(key, address);
    this.#bytes.push(...bytes);
    while (this.#bytes.length % 16 !== 0) this.#bytes.push(0);
    assert(this.#bytes.length <= this.#capacity, "static constant area is full");
    return address;
  }

  load(code: Code, low: bigint, high: bigint = low): Local {
    return code.load("v128.load", i32(0), this.v128(low, high));
  }

  get segment(): readonly [address: number, bytes: Uint8Array] {
    return [this.#base, Uint8Array.from(this.#bytes)];
  }
}
