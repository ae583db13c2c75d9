import { assert } from "../errors.ts";
import { Fp } from "../field.ts";
import { FULL_ROUNDS, type PoseidonParameters } from "../poseidon.ts";

type Vector = readonly bigint[];
type Rows = readonly Vector[];

/**
 * The same permutation with cheap partial rounds. Constants are moved backward through the linear
 * layers, so that they are added after the S-box (eprint 2019/458, appendix B). In the partial rounds
 * all of the state but x₀ is a linear system driven by y = x₀⁵ + c, and is kept as the last t − 1 terms
 * of one linear recurrence: instead of t new elements a round computes two,
 *   x₀ ← head·(uₒ, …, uₙ, y)   and   u ← feedback·(uₒ, …, uₙ, y), oldest first.
 */
export interface OptimisedPoseidon {
  readonly t: number;
  /** Added to the state first. */
  readonly initial: Vector;
  /** Full rounds in order: constants added after the S-box. All but the fourth multiply by mds. */
  readonly fullAfter: readonly Vector[];
  readonly mds: Rows;
  /** Matrix of the fourth full round: to (x₀, u oldest first). */
  readonly enter: Rows;
  /** Partial rounds in order: added to x₀⁵. */
  readonly partialAfter: Vector;
  readonly head: Vector;
  readonly feedback: Vector;
  /** Matrix of the last partial round: from (y, u oldest first) to the state. */
  readonly leave: Rows;
}

export function optimisePoseidon(parameters: PoseidonParameters): OptimisedPoseidon {
  const { t, mds } = parameters;
  const { initial, after, partialAfter } = moveConstants(parameters);
  return { t, initial, fullAfter: after, partialAfter, mds, ...recurrence(mds) };
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
 * For M = [[m, v], [w, M̂]] the rest s of the state obeys s' = M̂s + w·y, x₀' = v·s + m·y. With the
 * characteristic relation M̂ⁿw + a₀M̂ⁿ⁻¹w + … + aₙ₋₁w = 0 and b₀ = w, bₖ₊₁ = M̂bₖ + aₖw it is
 * s = Σ bₖ·u₋ₖ for the sequence u' = y − Σ aₖ·u₋ₖ (controllable canonical form).
 */
function recurrence(mds: Rows): Pick<OptimisedPoseidon, "enter" | "leave" | "head" | "feedback"> {
  const [top, ...below] = mds;
  const [m, ...v] = top!;
  const inner = below.map((row) => row.slice(1));
  const w = below.map((row) => row[0]!);
  const a = characteristic(inner, w);
  const b = [w];
  for (const ak of a.slice(0, -1)) {
    const moved = apply(inner, b.at(-1)!);
    b.push(moved.map((x, i) => Fp.reduce(x + ak * w[i]!)));
  }
  b.reverse(); // oldest first
  a.reverse();
  const basis = transpose(b);
  return {
    enter: [top!, ...multiply(invert(basis), below)],
    leave: mds.map((row) => [row[0]!, ...b.map((bk) => dot(row.slice(1), bk))]),
    head: [...b.map((bk) => dot(v, bk)), m!],
    feedback: [...a.map((ak) => Fp.neg(ak)), 1n],
  };
}

/** a with M̂ⁿw + Σ aₖ·M̂ⁿ⁻¹⁻ᵏw = 0. */
function characteristic(inner: Rows, w: Vector): bigint[] {
  const krylov = [[...w]];
  while (krylov.length <= w.length) krylov.push(apply(inner, krylov.at(-1)!));
  const last = krylov.pop()!;
  const lowestFirst = apply(invert(transpose(krylov)), last);
  return lowestFirst.map((x) => Fp.neg(x)).reverse();
}

// ---- small matrices over Fp

const dot = (x: Vector, y: Vector): bigint => Fp.reduce(x.reduce((s, a, i) => s + a * y[i]!, 0n));

const apply = (m: Rows, x: Vector): bigint[] => m.map((row) => dot(row, x));

const transpose = (m: Rows): bigint[][] => m[0]!.map((_, j) => m.map((row) => row[j]!));

function multiply(a: Rows, b: Rows): bigint[][] {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => dot(row, column)));
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
