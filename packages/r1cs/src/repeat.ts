import { ELEMENT_BYTES, type SparseMatrix, assert } from "@foldmesh/algebra";
import { R1CSError } from "./errors.ts";
import type { StepCircuit } from "./step.ts";

/**
 * k chained copies of a step in one leaf: copy c takes state c to state c+1; state 0 is step_in and
 * state k is step_out. With a = stateSize and n private columns in one step, the columns are
 *
 *   [1, out(a), in(a), p₀(n), s₁(a), p₁(n), s₂(a), …, s₍ₖ₋₁₎(a), p₍ₖ₋₁₎(n)]
 *
 * out = state k, in = state 0, p_c = private columns of copy c, s_c = state c (copy c−1's step_out,
 * copy c's step_in): 1 + 2a + kn + (k−1)a columns. Rows are copy 0's, then copy 1's, …. All copies
 * share the constant wire. repeatStep(step, 1) is `step`.
 * @param k copies, 1 ≤ k
 */
export function repeatStep(step: StepCircuit, k: number): StepCircuit {
  assert(Number.isSafeInteger(k) && k >= 1, `repeat: ${k} copies`);
  if (k === 1) return step;
  const layout = layoutOf(step, k);
  const repeat = (m: SparseMatrix): SparseMatrix => repeatMatrix(m, layout);
  const { r1cs, stateSize } = step;
  return {
    stateSize,
    r1cs: {
      field: r1cs.field,
      publicCount: r1cs.publicCount,
      columns: layout.columns,
      A: repeat(r1cs.A),
      B: repeat(r1cs.B),
      C: repeat(r1cs.C),
    },
  };
}

interface Layout {
  readonly a: number;
  /** Private columns of one step. */
  readonly n: number;
  readonly k: number;
  readonly columns: number;
}

function layoutOf({ r1cs, stateSize: a }: StepCircuit, k: number): Layout {
  const n = r1cs.columns - (1 + 2 * a);
  return { a, n, k, columns: 1 + 2 * a + k * n + (k - 1) * a };
}

/** Where copy c's [out, in, private] columns begin. */
function startsOf({ a, n, k }: Layout, c: number): Record<"out" | "in" | "private", number> {
  const start = 1 + 2 * a + c * (n + a);
  return { out: c === k - 1 ? 1 : start + n, in: c === 0 ? 1 + a : start - a, private: start };
}

function repeatMatrix(m: SparseMatrix, layout: Layout): SparseMatrix {
  const { k } = layout;
  const entries = m.column.length;
  const rowStart = new Uint32Array(k * m.rows + 1);
  const column = new Uint32Array(k * entries);
  const coefficient = new Uint32Array(k * entries);
  for (let c = 0; c < k; c++) {
    const mapped = copyOrder(m, layout, c);
    column.set(mapped.column, c * entries);
    coefficient.set(mapped.coefficient, c * entries);
    for (let x = 1; x <= m.rows; x++) rowStart[c * m.rows + x] = c * entries + m.rowStart[x]!;
  }
  const { columns } = layout;
  return { rows: k * m.rows, columns, rowStart, column, coefficient, table: m.table };
}

/** Entries of copy c with their new columns; each row is kept ascending. */
function copyOrder(
  m: SparseMatrix,
  layout: Layout,
  c: number,
): Pick<SparseMatrix, "column" | "coefficient"> {
  const { a } = layout;
  const starts = startsOf(layout, c);
  const outLast = c < layout.k - 1; // its out columns stand behind its private ones, of which there may be none
  const column = new Uint32Array(m.column.length);
  const coefficient = new Uint32Array(m.column.length);
  for (let x = 0; x < m.rows; x++) {
    const begin = m.rowStart[x]!;
    const end = m.rowStart[x + 1]!;
    let to = begin;
    const move = (low: number, high: number, shift: number): void => {
      for (let e = begin; e < end; e++) {
        const from = m.column[e]!;
        if (from < low || from >= high) continue;
        column[to] = from + shift;
        coefficient[to++] = m.coefficient[e]!;
      }
    };
    const moveOut = (): void => move(1, 1 + a, starts.out - 1);
    move(0, 1, 0);
    if (!outLast) moveOut();
    move(1 + a, 1 + 2 * a, starts.in - (1 + a));
    move(1 + 2 * a, Infinity, starts.private - (1 + 2 * a));
    if (outLast) moveOut();
  }
  return { column, coefficient };
}

/**
 * The assignment of repeatStep(step, k) from the k assignments of its copies in order, all as 32-byte
 * little-endian elements of z. For k = 1 it is the same array.
 * @throws R1CSError WITNESS when a copy does not begin with the state that the one before it ended with
 */
export function repeatAssignment(
  assignments: readonly Uint8Array[],
  stateSize: number,
): Uint8Array {
  const [first] = assignments;
  const last = assignments.at(-1);
  assert(first !== undefined && last !== undefined, "repeat: no assignments");
  if (assignments.length === 1) return first;
  const state = stateSize * ELEMENT_BYTES;
  const head = ELEMENT_BYTES + 2 * state;
  const stride = first.length - head + state;
  const out = new Uint8Array(head + assignments.length * stride - state);
  out.set(first.subarray(0, ELEMENT_BYTES));
  out.set(last.subarray(ELEMENT_BYTES, ELEMENT_BYTES + state), ELEMENT_BYTES);
  out.set(first.subarray(ELEMENT_BYTES + state, head), ELEMENT_BYTES + state);
  assignments.forEach((assignment, c) => {
    assert(assignment.length === first.length, "repeat: assignments of different steps");
    out.set(assignment.subarray(head), head + c * stride);
    if (c === 0) return;
    out.set(linkBetween(assignments[c - 1]!, assignment, state, c), head + c * stride - state);
  });
  return out;
}

/** The state in the middle: `next`'s step_in, which must be `before`'s step_out. */
function linkBetween(before: Uint8Array, next: Uint8Array, state: number, c: number): Uint8Array {
  const out = before.subarray(ELEMENT_BYTES, ELEMENT_BYTES + state);
  const link = next.subarray(ELEMENT_BYTES + state, ELEMENT_BYTES + 2 * state);
  if (out.every((byte, i) => byte === link[i])) return link;
  throw new R1CSError(
    "WITNESS",
    `copy ${c} does not begin with the state that copy ${c - 1} ended with`,
  );
}
