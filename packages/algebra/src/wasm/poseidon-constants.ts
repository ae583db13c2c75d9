import { assert } from "../errors.ts";
import { Fp } from "../field.ts";
import { FULL_ROUNDS, type PoseidonParameters } from "../poseidon.ts";

type Vector = readonly bigint[];
type Rows = readonly Vector[];

/**
 * The same permutation with cheap partial rounds (eprint 2019/458, appendix B). Constants are moved
 * backward through the linear layers, so that they are added after the S-box; the partial rounds'
 * matrix is split into sparse ones, what is left joins the last full round before them.
 */
export interface OptimisedPoseidon {
  readonly t: number;
  /** Added to the state first. */
  readonly initial: Vector;
  /** Full rounds in order: constants added after the S-box, then a matrix. */
  readonly full: readonly { readonly after: Vector; readonly matrix: Rows }[];
  /** x₀ ← x₀⁵ + after; then x₀ ← ⟨row, x⟩, and xᵢ ← xᵢ + x₀·columnᵢ for i > 0 (column₀ = 0). */
  readonly partial: readonly {
    readonly after: bigint;
    readonly row: Vector;
    readonly column: Vector;
  }[];
}

export function optimisePoseidon(parameters: PoseidonParameters): OptimisedPoseidon {
  const { t, partialRounds, mds } = parameters;
  const { initial, after, partialAfter } = moveConstants(parameters);
  const { sparse, dense } = splitMatrix(mds, partialRounds);
  const half = FULL_ROUNDS / 2;
  return {
    t,
    initial,
    full: after.map((constants, i) => ({
      after: constants,
      matrix: i === half - 1 ? dense : mds,
    })),
    partial: sparse.map((round, i) => ({ after: partialAfter[i]!, ...round })),
  };
}

/** Constants before the S-boxes of round r become constants after those of round r − 1. */
function moveConstants({ t, rounds, partialRounds, roundConstants, mds }: PoseidonParameters): {
  initial: Vector;
  after: Vector[];
  partialAfter: bigint[];
} {
  const inverse = invert(mds);
  const constants = Array.from({ length: rounds }, (_, r) =>
    roundConstants.slice(r * t, (r + 1) * t),
  );
  const firstPartial = FULL_ROUNDS / 2;
  const after: Vector[] = [Array.from({ length: t }, () => 0n)];
  const partialAfter: bigint[] = [];
  for (let r = rounds - 1; r > 0; r--) {
    const moved = apply(inverse, constants[r]!);
    const previous = r - 1;
    if (previous < firstPartial || previous >= firstPartial + partialRounds) {
      after.unshift(moved);
      continue;
    }
    partialAfter.unshift(moved[0]!);
    // the S-box of a partial round leaves all but x₀ alone: their constants pass it
    constants[previous] = constants[previous]!.map((c, i) => (i === 0 ? c : Fp.add(c, moved[i]!)));
  }
  return { initial: constants[0]!, after, partialAfter };
}

/**
 * diag(1, M̂^k)·M = [[m₀₀, v·M̂^−(k+1)], [M̂^k·w, 1]]·diag(1, M̂^(k+1)) for M = [[m₀₀, v], [w, M̂]]: the
 * last partial round takes k = 0, and the diagonal factor passes its S-box to the round before.
 */
function splitMatrix(
  mds: Rows,
  partialRounds: number,
): { sparse: { row: Vector; column: Vector }[]; dense: Rows } {
  const [top] = mds;
  const inner = mds.slice(1).map((row) => row.slice(1));
  const inverse = transpose(invert(inner));
  let right = top!.slice(1);
  let left = mds.slice(1).map((row) => row[0]!);
  const sparse: { row: Vector; column: Vector }[] = [];
  for (let k = 0; k < partialRounds; k++) {
    right = apply(inverse, right);
    sparse.unshift({ row: [top![0]!, ...right], column: [0n, ...left] });
    left = apply(inner, left);
  }
  const rest = multiply(power(inner, partialRounds), mds.slice(1));
  return { sparse, dense: [top!, ...rest] };
}

// ---- small matrices over Fp

const dot = (x: Vector, y: Vector): bigint => Fp.reduce(x.reduce((s, a, i) => s + a * y[i]!, 0n));

const apply = (m: Rows, x: Vector): bigint[] => m.map((row) => dot(row, x));

const transpose = (m: Rows): bigint[][] => m[0]!.map((_, j) => m.map((row) => row[j]!));

function multiply(a: Rows, b: Rows): bigint[][] {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => dot(row, column)));
}

/** m^e, e ≥ 1 */
function power(m: Rows, e: number): Rows {
  if (e === 1) return m;
  const root = power(m, Math.floor(e / 2));
  const square = multiply(root, root);
  return e % 2 === 0 ? square : multiply(square, m);
}

/** Gauss–Jordan. */
function invert(m: Rows): bigint[][] {
  const n = m.length;
  const rows = m.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1n : 0n))]);
  for (let k = 0; k < n; k++) {
    const pivot = rows.findIndex((row, i) => i >= k && row[k] !== 0n);
    assert(pivot >= 0, "Poseidon's matrices are invertible");
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    const scale = Fp.inv(rows[k]![k]!);
    rows[k] = rows[k]!.map((x) => Fp.mul(x, scale));
    for (let i = 0; i < n; i++) {
      const factor = rows[i]![k]!;
      if (i === k || factor === 0n) continue;
      rows[i] = rows[i]!.map((x, j) => Fp.reduce(x - factor * rows[k]![j]!));
    }
  }
  return rows.map((row) => row.slice(n));
}
