import type { SparseMatrix } from "@foldmesh/algebra";

/** Mᵀ, by counting the entries of each column. */
export function transpose(m: SparseMatrix): SparseMatrix {
  const rowStart = new Uint32Array(m.columns + 1);
  for (const c of m.column) rowStart[c + 1]!++;
  for (let c = 0; c < m.columns; c++) rowStart[c + 1]! += rowStart[c]!;
  const next = rowStart.slice(0, m.columns);
  const column = new Uint32Array(m.column.length);
  const coefficient = new Uint32Array(m.column.length);
  for (let x = 0; x < m.rows; x++) {
    for (let e = m.rowStart[x]!; e < m.rowStart[x + 1]!; e++) {
      const at = next[m.column[e]!]!++;
      column[at] = x; // rows come in order, so they ascend in each column
      coefficient[at] = m.coefficient[e]!;
    }
  }
  return { rows: m.columns, columns: m.rows, rowStart, column, coefficient, table: m.table };
}
