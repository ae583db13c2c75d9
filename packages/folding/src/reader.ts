// Strict reading of canonical encodings.

import {
  ELEMENT_BYTES,
  type Curve,
  type Point,
  type PrimeField,
  readElement,
  viewOf,
} from "@foldmesh/algebra";
import type { Triple } from "@foldmesh/circuits";

/** Reads on behind a position; every read checks that the value is canonical. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #refuse: (message: string) => Error;
  readonly #packed: boolean;
  #at: number;

  /**
   * @param refuse makes the error that is thrown
   * @param packed points are packed, see `packPoint`
   */
  constructor(
    bytes: Uint8Array,
    at: number,
    refuse: (message: string) => Error,
    { packed = false }: { readonly packed?: boolean } = {},
  ) {
    this.#bytes = bytes;
    this.#packed = packed;
    this.#view = viewOf(bytes);
    this.#at = at;
    this.#refuse = refuse;
  }

  /** A copy: `slice` would give a view where a Node Buffer came. */
  bytes(n: number): Uint8Array {
    this.#require(n);
    this.#at += n;
    return new Uint8Array(this.#bytes.subarray(this.#at - n, this.#at));
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  #require(bytes: number): void {
    if (bytes > this.remaining) {
      throw this.#refuse(`it ends ${bytes - this.remaining} bytes too early`);
    }
  }

  /** A little-endian u32. */
  word(): number {
    this.#require(4);
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  words(n: number): Uint32Array {
    this.#require(4 * n);
    return Uint32Array.from({ length: n }, () => this.word());
  }

  /** A u32 count of things of at least so many bytes, which the rest can hold. */
  count(bytesEach: number): number {
    const n = this.word();
    this.#require(n * bytesEach);
    return n;
  }

  index(): bigint {
    this.#require(4);
    this.#at += 4;
    return BigInt(this.#view.getUint32(this.#at - 4));
  }

  element(field: PrimeField, name: string): bigint {
    this.#require(ELEMENT_BYTES);
    const x = readElement(this.#view, this.#at);
    if (!field.isCanonical(x)) throw this.#refuse(`${name} is not below the modulus`);
    this.#at += ELEMENT_BYTES;
    return x;
  }

  elements(field: PrimeField, n: number, name: string): bigint[] {
    return Array.from({ length: n }, () => this.element(field, name));
  }

  triple(field: PrimeField, name: string): Triple<bigint> {
    return [this.element(field, name), this.element(field, name), this.element(field, name)];
  }

  points(curve: Curve, n: number, name: string): Point[] {
    return Array.from({ length: n }, () => this.point(curve, name));
  }

  point(curve: Curve, name: string): Point {
    if (this.#packed) return this.#packedPoint(curve, name);
    const point: Point = [this.element(curve.base, name), this.element(curve.base, name)];
    if (!curve.isOnCurve(point)) throw this.#refuse(`${name} is not a point of ${curve.name}`);
    return point;
  }
  #packedPoint(curve: Curve, name: string): Point {
    this.#require(ELEMENT_BYTES);
    const packed = readElement(this.#view, this.#at);
    this.#at += ELEMENT_BYTES;
    const x = packed & (SIGN - 1n);
    if (!curve.base.isCanonical(x)) throw this.#refuse(`${name} is not below the modulus`);
    const point = curve.withX(x, packed >= SIGN);
    if (point === null) throw this.#refuse(`${name} is not a point of ${curve.name}`);
    return point;
  }
}

const SIGN = 1n << 255n;

/** x in 255 bits, then whether y is odd: an element of 32 bytes. y is never 0: there is no point of order 2. */
export const packPoint = ([x, y]: Point): bigint => ((y & 1n) === 1n ? x | SIGN : x);
