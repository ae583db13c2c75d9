import { ELEMENT_BYTES, readElement, viewOf } from "@foldmesh/algebra";
import { R1CSError } from "./errors.ts";

/** A cursor over outside bytes: reads little-endian numbers and throws R1CSError MALFORMED past the end. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  offset = 0;

  /** @param what the thing being read, named in errors */
  constructor(bytes: Uint8Array, what: string) {
    this.bytes = bytes;
    this.#view = viewOf(bytes);
    this.#what = what;
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  /** Advances by n bytes; returns where they start. */
  take(n: number): number {
    if (n > this.remaining) {
      throw new R1CSError(
        "MALFORMED",
        `${this.#what} is truncated: ${n} more bytes expected at offset ${this.offset}, ${this.remaining} left`,
      );
    }
    const start = this.offset;
    this.offset += n;
    return start;
  }

  u32(): number {
    return this.#view.getUint32(this.take(4), true);
  }

  /** A u64; above 2^53 it is of no use to anyone and becomes Infinity. */
  u64(): number {
    const value = this.#view.getBigUint64(this.take(8), true);
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(value);
  }

  /** 32 little-endian bytes as an integer in [0, 2^256). */
  integer(): bigint {
    return readElement(this.#view, this.take(ELEMENT_BYTES));
  }

  /** A view of the next n bytes, not a copy. */
  slice(n: number): Uint8Array {
    const start = this.take(n);
    return this.bytes.subarray(start, start + n);
  }

  /** @throws R1CSError MALFORMED when bytes are left */
  end(): void {
    if (this.remaining === 0) return;
    throw new R1CSError("MALFORMED", `${this.#what} has ${this.remaining} bytes after its end`);
  }
}
