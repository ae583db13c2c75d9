import {
  ELEMENT_BYTES,
  Fp,
  type PrimeField,
  type SparseMatrix,
  assert,
  elementsToBytes,
  integerFromBytesBE,
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
  const words = new Uint32Array(3 + 3 * rows + entries * (1 + ELEMENT_WORDS));
  words.set([rows, r1cs.columns, r1cs.publicCount]);
  let at = 3;
  for (const name of MATRICES) at = encodeMatrix(words, at, r1cs[name]);
  return littleEndian(words);
}

const ELEMENT_WORDS = ELEMENT_BYTES / 4;

/** Words of the machine, which then are little endian; coefficients are encoded once each, and copied. */
function encodeMatrix(words: Uint32Array, start: number, m: SparseMatrix): number {
  const { rowStart, column, coefficient } = m;
  const table = wordsOf(elementsToBytes(m.table));
  let at = start;
  for (let x = 0; x < m.rows; x++) {
    words[at++] = rowStart[x + 1]! - rowStart[x]!;
    for (let e = rowStart[x]!; e < rowStart[x + 1]!; e++) {
      words[at++] = column[e]!;
      const from = ELEMENT_WORDS * coefficient[e]!;
      for (let k = 0; k < ELEMENT_WORDS; k++) words[at++] = table[from + k]!;
    }
  }
  return at;
}

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Little-endian bytes as words of this machine, which is little endian wherever WebAssembly runs fast. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  assert(isLittleEndian, "a big-endian machine");
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

const littleEndian = (words: Uint32Array): Uint8Array => new Uint8Array(words.buffer);

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
