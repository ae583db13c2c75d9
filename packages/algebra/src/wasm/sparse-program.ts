import { ELEMENT } from "../codegen/backend.ts";
import {
  PRODUCT_BYTES,
  ROW_HEADER,
  UNIT_ABSENT,
  UNIT_BYTES,
  UNIT_NEGATIVE,
} from "../codegen/sparse-kernels.ts";
import type { SparseMatrix } from "../engine.ts";
import { assert } from "../errors.ts";
import type { FieldMemory } from "./field-memory.ts";
import type { Allocator } from "./memory.ts";

/** A sparse matrix in resident memory: plain data that any rank can use. */
export interface SparseProgram {
  readonly rows: number;
  readonly columns: number;
  readonly address: number;
  readonly rowPairs: number;
}

/** Entries of one row: coefficients ±1 are added, the others multiplied. */
interface SplitRow {
  readonly row: number;
  readonly units: readonly number[];
  readonly products: readonly number[];
}

/**
 * Writes the program codegen/sparse-kernels.ts describes. Rows are paired with rows of like shape, so
 * that the two lanes have equal work; the order of the output does not depend on it.
 */
export function storeSparse(
  memory: FieldMemory,
  resident: Allocator,
  m: SparseMatrix,
): SparseProgram {
  const negativeOne = memory.field.modulus - 1n;
  const isUnit = m.table.map((k) => k === 1n || k === negativeOne);
  const rows = splitRows(m, isUnit);
  rows.sort((x, y) => x.products.length - y.products.length || x.units.length - y.units.length);
  if (rows.length % 2 === 1) rows.unshift({ row: m.rows, units: [], products: [] });
  const pairs = Array.from({ length: rows.length / 2 }, (_, i) => rows.slice(2 * i, 2 * i + 2));
  const coefficients = storeCoefficients(memory, resident, m.table);
  const words = new Uint32Array(pairs.reduce((n, pair) => n + programWords(pair), 0));
  const writer = new ProgramWriter(words, m, memory, coefficients, negativeOne);
  for (const pair of pairs) writer.rowPair(pair);
  const address = resident.alloc(words.byteLength);
  memory.bytes().set(new Uint8Array(words.buffer), address);
  return { rows: m.rows, columns: m.columns, address, rowPairs: pairs.length };
}

function splitRows(m: SparseMatrix, isUnit: readonly boolean[]): SplitRow[] {
  return Array.from({ length: m.rows }, (_, row) => {
    const units: number[] = [];
    const products: number[] = [];
    for (let e = m.rowStart[row]!; e < m.rowStart[row + 1]!; e++) {
      (isUnit[m.coefficient[e]!] === true ? units : products).push(e);
    }
    return { row, units, products };
  });
}

const longest = (rows: readonly SplitRow[], kind: "units" | "products"): number =>
  rows.reduce((n, row) => Math.max(n, row[kind].length), 0);

const programWords = (pair: readonly SplitRow[]): number =>
  (ROW_HEADER + UNIT_BYTES * longest(pair, "units") + PRODUCT_BYTES * longest(pair, "products")) /
  4;

/** The table in element layout, then a zero: entry i is at 40·i. */
function storeCoefficients(
  memory: FieldMemory,
  resident: Allocator,
  table: readonly bigint[],
): number {
  const address = resident.alloc(ELEMENT * (table.length + 1));
  const bytes = memory.bytes();
  table.forEach((k, i) => bytes.set(memory.encode(k), address + ELEMENT * i));
  const end = address + ELEMENT * table.length;
  bytes.fill(0, end, end + ELEMENT);
  return address;
}

class ProgramWriter {
  readonly #words: Uint32Array;
  readonly #m: SparseMatrix;
  readonly #memory: FieldMemory;
  readonly #coefficients: number;
  readonly #negativeOne: bigint;
  #at = 0;

  constructor(
    words: Uint32Array,
    m: SparseMatrix,
    memory: FieldMemory,
    coefficients: number,
    negativeOne: bigint,
  ) {
    this.#words = words;
    this.#m = m;
    this.#memory = memory;
    this.#coefficients = coefficients;
    this.#negativeOne = negativeOne;
  }

  rowPair(pair: readonly SplitRow[]): void {
    assert(pair.length === 2, "rows come in pairs");
    const units = longest(pair, "units");
    const products = longest(pair, "products");
    this.#push(units, products);
    for (const { row } of pair) this.#push(this.#memory.elementOffset(row));
    for (let k = 0; k < units; k++) {
      for (const row of pair) this.#push(this.#unit(row.units[k]));
    }
    for (let k = 0; k < products; k++) {
      for (const row of pair) this.#push(this.#column(row.products[k]));
      for (const row of pair) this.#push(this.#coefficient(row.products[k]));
    }
  }

  #push(...words: number[]): void {
    for (const word of words) this.#words[this.#at++] = word;
  }

  #unit(entry: number | undefined): number {
    if (entry === undefined) return UNIT_ABSENT;
    const negative = this.#m.table[this.#m.coefficient[entry]!] === this.#negativeOne;
    return this.#column(entry) | (negative ? UNIT_NEGATIVE : 0);
  }

  #column(entry: number | undefined): number {
    return entry === undefined ? 0 : this.#memory.elementOffset(this.#m.column[entry]!);
  }

  #coefficient(entry: number | undefined): number {
    const index = entry === undefined ? this.#m.table.length : this.#m.coefficient[entry]!;
    return this.#coefficients + ELEMENT * index;
  }
}
