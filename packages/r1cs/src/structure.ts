import {
  ELEMENT_BYTES,
  Fp,
  type PrimeField,
  type SparseMatrix,
  integerFromBytesBE,
  viewOf,
  writeElement,
} from "@foldmesh/algebra";
import { sha256 } from "@noble/hashes/sha2.js";
import { R1CSError } from "./errors.ts";

/**
 * A rank-1 constraint system ⟨A_x,z⟩·⟨B_x,z⟩ = ⟨C_x,z⟩ over `field`, z = public ‖ witness. Column 0 is
 * the constant wire; columns 0 … publicCount−1 are public.
 */
export interface R1CS {
  readonly field: PrimeField;
  readonly columns: number;
  readonly publicCount: number;
  readonly A: SparseMatrix;
  readonly B: SparseMatrix;
  readonly C: SparseMatrix;
}

export const MATRICES = ["A", "B", "C"] as const;

/** One matrix row: [column, coefficient] by ascending column, coefficients canonical and non-zero. */
export type Row = readonly (readonly [column: number, coefficient: bigint])[];

/** Collects rows into a SparseMatrix, sharing equal coefficients. */
export class MatrixBuilder {
  readonly #rowStart: number[] = [0];
  readonly #column: number[] = [];
  readonly #coefficient: number[] = [];
  readonly #table: bigint[] = [];
  readonly #indexOf = new Map<bigint, number>();

  push(row: Row): void {
    for (const [column, coefficient] of row) {
      this.#column.push(column);
      this.#coefficient.push(this.#index(coefficient));
    }
    this.#rowStart.push(this.#column.length);
  }

  #index(coefficient: bigint): number {
    let index = this.#indexOf.get(coefficient);
    if (index === undefined) {
      index = this.#table.length;
      this.#table.push(coefficient);
      this.#indexOf.set(coefficient, index);
    }
    return index;
  }

  build(columns: number): SparseMatrix {
    return {
      rows: this.#rowStart.length - 1,
      columns,
      rowStart: Uint32Array.from(this.#rowStart),
      column: Uint32Array.from(this.#column),
      coefficient: Uint32Array.from(this.#coefficient),
      table: this.#table,
    };
  }
}

/** A matrix whose columns go elsewhere; `column` must be increasing, so that rows stay sorted. */
export interface MovedMatrix {
  readonly matrix: SparseMatrix;
  readonly column: (c: number) => number;
}

/** The rows of all parts, one part below the other. */
export function stackMatrices(columns: number, parts: readonly MovedMatrix[]): SparseMatrix {
  const total = (count: (m: SparseMatrix) => number): number =>
    parts.reduce((n, { matrix }) => n + count(matrix), 0);
  const rows = total((m) => m.rows);
  const entries = total((m) => m.column.length);
  const stacked = {
    rowStart: new Uint32Array(rows + 1),
    column: new Uint32Array(entries),
    coefficient: new Uint32Array(entries),
  };
  const table: bigint[] = [];
  let row = 0;
  let entry = 0;
  for (const { matrix, column } of parts) {
    for (let x = 1; x <= matrix.rows; x++) {
      stacked.rowStart[row + x] = entry + matrix.rowStart[x]!;
    }
    for (let e = 0; e < matrix.column.length; e++) {
      stacked.column[entry + e] = column(matrix.column[e]!);
      stacked.coefficient[entry + e] = table.length + matrix.coefficient[e]!;
    }
    row += matrix.rows;
    entry += matrix.column.length;
    for (const k of matrix.table) table.push(k);
  }
  return { rows, columns, ...stacked, table };
}

/** The entries of row x. */
export function rowOf(m: SparseMatrix, x: number): [column: number, coefficient: bigint][] {
  const row: [number, bigint][] = [];
  for (let e = m.rowStart[x]!; e < m.rowStart[x + 1]!; e++) {
    row.push([m.column[e]!, m.table[m.coefficient[e]!]!]);
  }
  return row;
}

/** M·z on BigInt. */
export function multiplyMatrix(field: PrimeField, m: SparseMatrix, z: readonly bigint[]): bigint[] {
  const out = Array.from<bigint>({ length: m.rows });
  for (let x = 0; x < m.rows; x++) {
    let sum = 0n;
    for (let e = m.rowStart[x]!; e < m.rowStart[x + 1]!; e++) {
      sum += m.table[m.coefficient[e]!]! * z[m.column[e]!]!;
    }
    out[x] = field.reduce(sum);
  }
  return out;
}

/**
 * Canonical bytes (all counts u32 little-endian): rows | columns | publicCount | A | B | C; a matrix
 * is its rows, a row is u32 entries then (u32 column, 32-byte LE coefficient) by ascending column.
 */
export function encodeStructure(r1cs: R1CS): Uint8Array {
  const entries = MATRICES.reduce((n, name) => n + r1cs[name].column.length, 0);
  const rows = r1cs.A.rows;
  const bytes = new Uint8Array(12 + 3 * 4 * rows + entries * (4 + ELEMENT_BYTES));
  const view = viewOf(bytes);
  [rows, r1cs.columns, r1cs.publicCount].forEach((n, i) => view.setUint32(4 * i, n, true));
  let offset = 12;
  for (const name of MATRICES) offset = encodeMatrix(view, offset, r1cs[name]);
  return bytes;
}

function encodeMatrix(view: DataView, start: number, m: SparseMatrix): number {
  let offset = start;
  for (let x = 0; x < m.rows; x++) {
    view.setUint32(offset, m.rowStart[x + 1]! - m.rowStart[x]!, true);
    offset += 4;
    for (let e = m.rowStart[x]!; e < m.rowStart[x + 1]!; e++) {
      view.setUint32(offset, m.column[e]!, true);
      writeElement(view, offset + 4, m.table[m.coefficient[e]!]!);
      offset += 4 + ELEMENT_BYTES;
    }
  }
  return offset;
}

/** SHA-256 of the canonical bytes, read big-endian, modulo p (for structures over either field). */
export const digestStructure = (r1cs: R1CS, hash: Hash = sha256): bigint =>
  Fp.reduce(integerFromBytesBE(hash(encodeStructure(r1cs))));

/** SHA-256, by whatever does it fastest: a structure has megabytes. */
export type Hash = (bytes: Uint8Array) => Uint8Array;

/** @throws R1CSError MALFORMED unless heights agree, columns ascend within range, coefficients are canonical and non-zero */
export function checkStructure(r1cs: R1CS): void {
  const fail = (message: string): never => {
    throw new R1CSError("MALFORMED", message);
  };
  if (r1cs.publicCount < 1 || r1cs.publicCount > r1cs.columns) fail("public columns out of range");
  for (const name of MATRICES) {
    const m = r1cs[name];
    if (m.rows !== r1cs.A.rows) fail(`matrix ${name} has ${m.rows} rows, A has ${r1cs.A.rows}`);
    if (m.columns !== r1cs.columns) fail(`matrix ${name} has a wrong number of columns`);
    if (!m.table.every((k) => r1cs.field.isCanonical(k) && k !== 0n)) {
      fail(`matrix ${name} has a zero or non-canonical coefficient`);
    }
    for (let x = 0; x < m.rows; x++) {
      for (let e = m.rowStart[x]!; e < m.rowStart[x + 1]!; e++) {
        const previous = e === m.rowStart[x]! ? -1 : m.column[e - 1]!;
        if (m.column[e]! <= previous || m.column[e]! >= r1cs.columns) {
          fail(`matrix ${name}, row ${x}: columns must ascend below ${r1cs.columns}`);
        }
      }
    }
  }
}
