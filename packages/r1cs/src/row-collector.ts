import { Fp, type SparseMatrix } from "@foldmesh/algebra";
import { R1CSError } from "./errors.ts";

/** Distinct coefficients of a matrix; circuits have thousands, and a Map holds 2^24. */
const MAX_DISTINCT = 2 ** 23;

/** Builds a SparseMatrix of known size from factors in any order, merging those of one column. */
export class RowCollector {
  readonly #rows: number;
  readonly #rowStart: Uint32Array;
  readonly #column: Uint32Array;
  readonly #coefficient: Uint32Array;
  readonly #table: bigint[] = [];
  readonly #indexOf = new Map<bigint, number>();
  readonly #pending: [column: number, coefficient: bigint][] = [];
  #ascending = true;
  #row = 0;
  #entries = 0;

  /** @param factors an upper bound on the calls of `add` */
  constructor(rows: number, factors: number) {
    this.#rows = rows;
    this.#rowStart = new Uint32Array(rows + 1);
    this.#column = new Uint32Array(factors);
    this.#coefficient = new Uint32Array(factors);
  }

  /** @param coefficient canonical */
  add(column: number, coefficient: bigint): void {
    const last = this.#pending.at(-1);
    if (last !== undefined && last[0] >= column) this.#ascending = false;
    this.#pending.push([column, coefficient]);
  }

  endRow(): void {
    if (!this.#ascending) mergeColumns(this.#pending);
    for (const [column, coefficient] of this.#pending) {
      if (coefficient === 0n) continue;
      this.#column[this.#entries] = column;
      this.#coefficient[this.#entries++] = this.#index(coefficient);
    }
    this.#pending.length = 0;
    this.#ascending = true;
    this.#rowStart[++this.#row] = this.#entries;
  }

  #index(coefficient: bigint): number {
    let index = this.#indexOf.get(coefficient);
    if (index === undefined) {
      checkTable(this.#table.length);
      index = this.#table.length;
      this.#table.push(coefficient);
      this.#indexOf.set(coefficient, index);
    }
    return index;
  }

  build(columns: number): SparseMatrix {
    return {
      rows: this.#rows,
      columns,
      rowStart: this.#rowStart,
      column: this.#column.slice(0, this.#entries),
      coefficient: this.#coefficient.slice(0, this.#entries),
      table: this.#table,
    };
  }
}

function checkTable(distinct: number): void {
  if (distinct < MAX_DISTINCT) return;
  throw new R1CSError(
    "TOO_LARGE",
    `the circuit has more than ${MAX_DISTINCT} distinct coefficients`,
  );
}

/** Sorts by column, in place, and adds up the coefficients of one column. */
function mergeColumns(factors: [column: number, coefficient: bigint][]): void {
  factors.sort(([x], [y]) => x - y);
  let kept = 0;
  for (const [column, coefficient] of factors) {
    const last = kept > 0 ? factors[kept - 1]! : undefined;
    if (last?.[0] === column) last[1] = Fp.add(last[1], coefficient);
    else factors[kept++] = [column, coefficient];
  }
  factors.length = kept;
}
