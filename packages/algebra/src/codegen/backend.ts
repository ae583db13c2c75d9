import type { Code, FunctionBuilder, Local, Value } from "./emitter.ts";
import type { ConstantPool } from "./constants.ts";

export type BackendName = "fma51" | "int29";

/**
 * Two field elements in registers ("lanes"); the number and type of values is the backend's business.
 *
 * An element x is held in Montgomery form x·R as signed limbs. It is *normalised* when its value is
 * within ±(½ + 2⁻¹⁶)·modulus and its limbs are centred; zero then has exactly one form. Memory
 * only ever holds normalised elements. Sums and differences of registers are lazy: they have
 * *weight* = the sum of the weights of their terms, where a normalised element has weight 1.
 */
export type Pair = readonly Value[];

/** Bytes of one element, in element layout (alone) and half of a pair. */
export const ELEMENT = 40;
/** Bytes of two elements in pair layout, the layout of vectors. */
export const PAIR = 80;
/** Bytes of a packed element: half a 64-byte point, one cache line. */
export const PACKED = 32;

/**
 * Products of normalised pairs an accumulator takes between reductions, counting Σ weight·weight,
 * together with one addend of weight 1.
 */
export const MAX_PRODUCTS = 10;

/** Terms merged into a multiplication before its reduction. */
export interface Addends {
  readonly plus?: Pair;
  readonly minus?: Pair;
}

/** Mutable locals that hold a sum of products without reduction. */
export interface Accumulator {
  /** Starts a sum of exactly `products` products (an i32, at most MAX_PRODUCTS). */
  start(code: Code, products: Value): void;
  addProduct(code: Code, a: Pair, b: Pair): void;
  /** The sum / R plus `plus` (weight ≤ 1), normalised. The accumulator must be started anew. */
  reduce(code: Code, plus?: Pair): Pair;
}

/**
 * Arithmetic of one prime field, emitted in line. Weights: `mul` and `fma` need
 * weight(a)·weight(b) ≤ 4 and addends of weight ≤ 2 in all; `sqr` needs a normalised operand.
 * Results of mul, sqr, normalize, reduce and unpack are normalised.
 */
export interface FieldCode {
  loadPair(code: Code, address: Value, offset?: number): Pair;
  storePair(code: Code, address: Value, offset: number, x: Pair): void;
  /** Lanes from two addresses, in element layout. */
  loadElements(code: Code, a: Value, b: Value, offset?: number): Pair;
  storeElements(code: Code, a: Value, b: Value, offset: number, x: Pair): void;
  /** Both lanes from one element in element layout. */
  loadBroadcast(code: Code, address: Value, offset?: number): Pair;
  /** Lanes from two elements of vectors; addresses as `elementAddress` gives them. */
  loadLanes(code: Code, a: Value, b: Value): Pair;
  storeLanes(code: Code, a: Value, b: Value, x: Pair): void;
  /** Address of element `index` of the vector at `base`, for loadLanes and storeLanes. */
  elementAddress(code: Code, base: Value, index: Value): Local;

  add(code: Code, a: Pair, b: Pair): Pair;
  sub(code: Code, a: Pair, b: Pair): Pair;
  /** a·b/R + plus − minus */
  mul(code: Code, a: Pair, b: Pair, addends?: Addends): Pair;
  /** a²/R + plus − minus */
  sqr(code: Code, a: Pair, addends?: Addends): Pair;
  /** Of weight ≤ 4. */
  normalize(code: Code, a: Pair): Pair;
  /** −a in the lanes whose bit (0, 1) is set in `lanes`. */
  negateIf(code: Code, lanes: Value, a: Pair): Pair;
  /** a in the lanes whose bit is set, b elsewhere. */
  select(code: Code, lanes: Value, a: Pair, b: Pair): Pair;
  /** Bit 0, 1: lane 0, 1 of a normalised pair is zero. An i32. */
  zeroLanes(code: Code, a: Pair): Local;
  /** Lanes exchanged. */
  swap(code: Code, a: Pair): Pair;
  zero(code: Code): Pair;
  accumulator(f: FunctionBuilder): Accumulator;

  /** Normalised elements as 256-bit integers (limbs with an offset): see the backend's `pack`. */
  loadPacked(code: Code, a: Value, b: Value, offset?: number): Pair;
  storePacked(code: Code, a: Value, b: Value, offset: number, x: Pair): void;

  /** Lanes as standard-form canonical 32-byte little-endian integers at `a` and `b`. x must be x·R/R already: multiply by the integer 1 first. */
  storeCanonical(code: Code, a: Value, b: Value, x: Pair): void;
  /**
   * Lanes from 32-byte integers, as integers (not in Montgomery form), of weight ≤ 4 for mul; and an
   * i32 whose bits 0, 1 tell that a lane was not below the modulus.
   */
  loadIntegers(code: Code, a: Value, b: Value): readonly [x: Pair, bad: Local];
}

/** One way to hold and multiply field elements. */
export interface Backend {
  readonly name: BackendName;
  /** The Montgomery radix R. */
  readonly R: bigint;
  /** Streams to interleave for throughput: see `interleave`. */
  readonly streams: 1 | 2;
  /** Arithmetic modulo `modulus`; constants go to `pool`. */
  field(modulus: bigint, pool: ConstantPool): FieldCode;
  /** Limbs of the integer x centred modulo `modulus`, as one element in element layout: 40 bytes. */
  encodeInteger(x: bigint, modulus: bigint): Uint8Array;
  /** Inverse of encodeInteger: the signed integer. */
  decodeInteger(bytes: Uint8Array): bigint;
  /** Byte offset of element `index` in a vector, as FieldCode.elementAddress; a multiple of 8. */
  elementOffset(index: number): number;
  /** 80 bytes in pair layout from two elements in element layout. */
  pair(a: Uint8Array, b: Uint8Array): Uint8Array;
  /** Two elements in element layout from 80 bytes in pair layout. */
  unpair(pair: Uint8Array): readonly [a: Uint8Array, b: Uint8Array];
  /** As storePacked: 32 bytes. */
  pack(x: bigint, modulus: bigint): Uint8Array;
}
