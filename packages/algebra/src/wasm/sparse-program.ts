import { ELEMENT } from "../codegen/backend.ts";
import {
  PRODUCT_BYTES,
  ROW_HEADER,
  UNIT_ABSENT,
  UNIT_BYTES,
  UNIT_NEGATIVE,
} from "../codegen/sparse-kernels.ts";
import type { SparseMatrix } from "../engine.ts";
import type { FieldMemory } from "./field-memory.ts";
import type { Allocator } from "./memory.ts";

/** A sparse matrix in resident memory: plain data that any rank can use. */
export interface SparseProgram {
  readonly rows: number;
  readonly columns: number;
  readonly address: number;
  readonly rowPairs: number;
}

/** Where a table of coefficients is: a matrix and its transpose have one. */
export type StoredTables = WeakMap<readonly bigint[], number>;

/** What a coefficient takes: ±1 are added, the others multiplied. */
const KIND = { product: 0, plus: 1, minus: 2 } as const;

/**
 * Writes the program codegen/sparse-kernels.ts describes. Rows are paired with rows of like shape, so
 * that the two lanes have equal work; the order of the output does not depend on it.
 * @param tables those in this memory, to which that of `m` is added
 */
export function storeSparse(
  memory: FieldMemory,
  resident: Allocator,
  m: SparseMatrix,
  tables: StoredTables,
): SparseProgram {
  const kinds = kindsOf(m.table, memory.field.modulus - 1n);
  const shape = shapeOf(m, kinds);
  const order = pairedRows(m.rows, shape);
  const table = tables.get(m.table) ?? storeCoefficients(memory, resident, m.table);
  tables.set(m.table, table);
  const words = new Uint32Array(programWords(order, shape));
  const write = pairWriter(words, { m, kinds, shape, memory, table });
  for (let at = 0; at < order.length; at += 2) write(order[at]!, order[at + 1]!);
  const address = resident.alloc(words.byteLength);
  memory.bytes().set(new Uint8Array(words.buffer), address);
  return { rows: m.rows, columns: m.columns, address, rowPairs: order.length / 2 };
}

function kindsOf(table: readonly bigint[], negativeOne: bigint): Uint8Array {
  const kindOf = (k: bigint): number => {
    if (k === 1n) return KIND.plus;
    return k === negativeOne ? KIND.minus : KIND.product;
  };
  return Uint8Array.from(table, kindOf);
}

/** Entries of every row by their kind, and none of a row behind the last one, which may stand in for one. */
interface Shape {
  readonly units: Uint32Array;
  readonly products: Uint32Array;
}

function shapeOf({ rows, rowStart, coefficient }: SparseMatrix, kinds: Uint8Array): Shape {
  const [units, products] = [new Uint32Array(rows + 1), new Uint32Array(rows + 1)];
  for (let row = 0; row < rows; row++) {
    for (let e = rowStart[row]!; e < rowStart[row + 1]!; e++) {
      if (kinds[coefficient[e]!] === KIND.product) products[row]!++;
      else units[row]!++;
    }
  }
  return { units, products };
}

/** All rows, like shapes side by side; an even number. */
function pairedRows(rows: number, { units, products }: Shape): Uint32Array {
  const order = Array.from({ length: rows }, (_, row) => row);
  order.sort((x, y) => products[x]! - products[y]! || units[x]! - units[y]!);
  if (rows % 2 === 1) order.unshift(rows);
  return Uint32Array.from(order);
}

function programWords(order: Uint32Array, { units, products }: Shape): number {
  let bytes = 0;
  for (let at = 0; at < order.length; at += 2) {
    const [x, y] = [order[at]!, order[at + 1]!];
    bytes += ROW_HEADER + UNIT_BYTES * Math.max(units[x]!, units[y]!);
    bytes += PRODUCT_BYTES * Math.max(products[x]!, products[y]!);
  }
  return bytes / 4;
}

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

interface Program {
  readonly m: SparseMatrix;
  readonly kinds: Uint8Array;
  readonly shape: Shape;
  readonly memory: FieldMemory;
  /** address of the coefficients */
  readonly table: number;
}

/** Appends pairs of rows: header, units lane by lane, products lane by lane with their coefficients. */
function pairWriter(
  words: Uint32Array,
  { m, kinds, shape, memory, table }: Program,
): (x: number, y: number) => void {
  const { rows, rowStart, column, coefficient } = m;
  const zero = table + ELEMENT * m.table.length;
  let at = 0;
  const entries = (row: number, lane: number, firstUnit: number, firstProduct: number): void => {
    if (row === rows) return;
    let unit = firstUnit + lane;
    let product = firstProduct + lane;
    for (let e = rowStart[row]!; e < rowStart[row + 1]!; e++) {
      const c = coefficient[e]!;
      const offset = memory.elementOffset(column[e]!);
      if (kinds[c] === KIND.product) {
        words[product] = offset;
        words[product + 2] = table + ELEMENT * c;
        product += PRODUCT_WORDS;
      } else {
        words[unit] = kinds[c] === KIND.minus ? offset | UNIT_NEGATIVE : offset;
        unit += UNIT_WORDS;
      }
    }
  };
  return (x, y) => {
    const units = Math.max(shape.units[x]!, shape.units[y]!);
    const products = Math.max(shape.products[x]!, shape.products[y]!);
    const firstUnit = at + ROW_HEADER / 4;
    const firstProduct = firstUnit + UNIT_WORDS * units;
    const end = firstProduct + PRODUCT_WORDS * products;
    words.set([units, products, memory.elementOffset(x), memory.elementOffset(y)], at);
    words.fill(UNIT_ABSENT, firstUnit, firstProduct);
    for (let k = firstProduct; k < end; k += PRODUCT_WORDS) {
      words[k + 2] = zero; // absent products are of column 0 with coefficient 0
      words[k + 3] = zero;
    }
    entries(x, 0, firstUnit, firstProduct);
    entries(y, 1, firstUnit, firstProduct);
    at = end;
  };
}

const UNIT_WORDS = UNIT_BYTES / 4;
const PRODUCT_WORDS = PRODUCT_BYTES / 4;
