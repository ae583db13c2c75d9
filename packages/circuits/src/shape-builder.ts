import type { PrimeField } from "@foldmesh/algebra";
import { MatrixBuilder, type R1CS, type Row } from "@foldmesh/r1cs";
import type { Builder } from "./builder.ts";

const COEFFICIENTS_ADD = [1n, 1n];
const COEFFICIENTS_SUB = [1n, -1n];

/** Emits the matrices of a circuit. A linear combination is its matrix row; values do not exist. */
export class ShapeBuilder implements Builder<Row> {
  readonly field: PrimeField;
  readonly zero: Row = [];
  readonly one: Row = [[0, 1n]];
  /** Constraints per named section, in order of `endSection`. */
  readonly sections: Record<string, number> = {};
  readonly #publicCount: number;
  readonly #A = new MatrixBuilder();
  readonly #B = new MatrixBuilder();
  readonly #C = new MatrixBuilder();
  #columns: number;
  #rows = 0;
  #sectionStart = 0;

  /** publicCount counts the constant column 0. */
  constructor(field: PrimeField, publicCount: number) {
    this.field = field;
    this.#publicCount = publicCount;
    this.#columns = publicCount;
  }

  constant(k: bigint): Row {
    const value = this.field.reduce(k);
    return value === 0n ? this.zero : [[0, value]];
  }

  add(a: Row, b: Row): Row {
    return this.linear(COEFFICIENTS_ADD, [a, b]);
  }

  sub(a: Row, b: Row): Row {
    return this.linear(COEFFICIENTS_SUB, [a, b]);
  }

  scale(k: bigint, a: Row): Row {
    return this.linear([k], [a]);
  }

  linear(coefficients: readonly bigint[], terms: readonly Row[], constant = 0n): Row {
    const entries: Entry[] = [];
    if (constant !== 0n) entries.push([0, constant]);
    for (let i = 0; i < coefficients.length; i++) {
      const k = coefficients[i]!;
      for (const entry of terms[i]!) entries.push(k === 1n ? entry : [entry[0], k * entry[1]]);
    }
    return normalised(this.field, entries);
  }

  value(): bigint {
    return 0n;
  }

  publicInput(column: number): Row {
    return [[column, 1n]];
  }

  witness(): Row {
    return [[this.#columns++, 1n]];
  }

  mul(a: Row, b: Row): Row {
    const product = this.witness();
    this.enforce(a, b, product);
    return product;
  }

  enforce(a: Row, b: Row, c: Row): void {
    this.#rows++;
    this.#A.push(a);
    this.#B.push(b);
    this.#C.push(c);
  }

  enforceZero(a: Row): void {
    this.enforce(a, this.one, this.zero);
  }

  enforceEqual(a: Row, b: Row): void {
    this.enforceZero(this.sub(a, b));
  }

  endSection(name: string): void {
    this.sections[name] = this.#rows - this.#sectionStart;
    this.#sectionStart = this.#rows;
  }

  structure(): R1CS {
    const [columns, publicCount] = [this.#columns, this.#publicCount];
    const [A, B, C] = [this.#A.build(columns), this.#B.build(columns), this.#C.build(columns)];
    return { field: this.field, columns, publicCount, A, B, C };
  }
}

type Entry = readonly [column: number, coefficient: bigint];

/** Ascending columns, each once; coefficients canonical and non-zero. */
function normalised(field: PrimeField, entries: Entry[]): Row {
  if (!ascends(entries)) entries.sort((x, y) => x[0] - y[0]);
  const row: Entry[] = [];
  for (let e = 0; e < entries.length;) {
    const column = entries[e]![0];
    let sum = entries[e++]![1];
    while (e < entries.length && entries[e]![0] === column) sum += entries[e++]![1];
    const coefficient = field.reduce(sum);
    if (coefficient !== 0n) row.push([column, coefficient]);
  }
  return row;
}

function ascends(entries: readonly Entry[]): boolean {
  for (let e = 1; e < entries.length; e++) {
    if (entries[e - 1]![0] > entries[e]![0]) return false;
  }
  return true;
}
