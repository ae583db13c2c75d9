// Foreign WebAssembly can ask for memory in its binary alone: an initial size, and growth up to a
// declared maximum. Rewriting those two numbers before compilation is the only limit an engine obeys.

import { concatBytes } from "@foldmesh/algebra";
import { R1CSError } from "./errors.ts";

const PAGE_BYTES = 65_536;
/** Entries that a function table may have; circom's have a few per template. */
const MAX_TABLE_ENTRIES = 2 ** 20;

const TABLE_SECTION = 4;
const MEMORY_SECTION = 5;
const HIGHEST_SECTION = 13;

/**
 * The module with its memory's maximum lowered to `memoryLimitBytes` (and tables' to 2^20 entries), so
 * that growing beyond fails inside it. Other sections are passed on for the engine to judge.
 * @throws R1CSError MALFORMED, UNSUPPORTED (shared or 64-bit memory), MEMORY (needs more to begin with)
 */
export function limitMemory(wasm: Uint8Array, memoryLimitBytes: number): Uint8Array {
  const cursor = new Cursor(wasm);
  cursor.expectHeader();
  const parts = [wasm.subarray(0, cursor.offset)];
  while (cursor.offset < wasm.length) {
    const start = cursor.offset;
    const id = cursor.byte();
    if (id > HIGHEST_SECTION) malformed(`has a section of unknown type ${id}`);
    const size = cursor.u32();
    const body = wasm.subarray(cursor.offset, cursor.offset + size);
    cursor.skip(size);
    if (id === MEMORY_SECTION) parts.push(section(id, limitedMemory(body, memoryLimitBytes)));
    else if (id === TABLE_SECTION) parts.push(section(id, limitedTables(body)));
    else parts.push(wasm.subarray(start, cursor.offset));
  }
  return concatBytes(...parts);
}

function limitedMemory(body: Uint8Array, limitBytes: number): number[] {
  const cursor = new Cursor(body);
  const count = cursor.u32();
  if (count > 1) unsupported(`has ${count} memories`);
  if (count === 0) return [0];
  const { initial, maximum } = cursor.limits("memory");
  cursor.end();
  const most = Math.min(Math.floor(limitBytes / PAGE_BYTES), 65_536);
  if (initial > most) {
    throw new R1CSError(
      "MEMORY",
      `the witness program needs ${initial * PAGE_BYTES} bytes of memory to begin with, the limit is ${limitBytes}`,
    );
  }
  return [1, 1, ...leb(initial), ...leb(Math.min(maximum, most))];
}

function limitedTables(body: Uint8Array): number[] {
  const cursor = new Cursor(body);
  const count = cursor.u32();
  if (count > 16) unsupported(`has ${count} tables`);
  const tables = Array.from({ length: count }, () => {
    const type = cursor.byte();
    if (type !== 0x70 && type !== 0x6f) unsupported("has a table of an unusual type");
    const { initial, maximum } = cursor.limits("table");
    if (initial > MAX_TABLE_ENTRIES) unsupported(`has a table of ${initial} entries`);
    return [type, 1, ...leb(initial), ...leb(Math.min(maximum, MAX_TABLE_ENTRIES))];
  });
  cursor.end();
  return [...leb(count), ...tables.flat()];
}

const section = (id: number, body: readonly number[]): Uint8Array =>
  Uint8Array.from([id, ...leb(body.length), ...body]);

/** Unsigned LEB128 of an integer below 2^32. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

interface Limits {
  readonly initial: number;
  /** Infinity where none is declared. */
  readonly maximum: number;
}

class Cursor {
  readonly #bytes: Uint8Array;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const byte = this.#bytes[this.offset];
    if (byte === undefined) malformed("ends in the middle of a section");
    this.offset++;
    return byte;
  }

  /** Unsigned LEB128 of at most five bytes. */
  u32(): number {
    let value = 0;
    for (let k = 0; k < 5; k++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * k);
      if (byte < 0x80) return value < 2 ** 32 ? value : malformed("has a number beyond 32 bits");
    }
    return malformed("has a number beyond 32 bits");
  }

  skip(n: number): void {
    if (n > this.#bytes.length - this.offset) malformed("ends in the middle of a section");
    this.offset += n;
  }

  end(): void {
    if (this.offset !== this.#bytes.length) malformed("has a section of wrong size");
  }

  expectHeader(): void {
    const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    if (!header.every((byte, i) => byte === this.#bytes[i])) malformed("does not begin like one");
    this.offset = header.length;
  }

  limits(what: string): Limits {
    const flags = this.byte();
    if (flags > 1) unsupported(`has a shared or 64-bit ${what}`);
    return { initial: this.u32(), maximum: flags === 1 ? this.u32() : Number.POSITIVE_INFINITY };
  }
}

function malformed(what: string): never {
  throw new R1CSError("MALFORMED", `the witness program is not a WebAssembly module: it ${what}`);
}

function unsupported(what: string): never {
  throw new R1CSError(
    "UNSUPPORTED",
    `the witness program ${what}; circom's have not: build it with circom 2`,
  );
}
