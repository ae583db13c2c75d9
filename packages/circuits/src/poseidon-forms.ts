import { FULL_ROUNDS, Fp, isFullRound, poseidonParameters } from "@foldmesh/algebra";

/** constant + Σ coefficients[k]·basis[k] */
export interface LinearForm {
  readonly coefficients: readonly bigint[];
  readonly constant: bigint;
}

/** The inputs of one round's S-boxes; `full` rounds have t of them, partial rounds one. */
export interface PoseidonRound {
  readonly full: boolean;
  readonly forms: readonly LinearForm[];
}

/**
 * Perm_t with everything linear folded away. Only S-box outputs are kept: the basis holds those since
 * the last full round (t of them, then one more per partial round), and every later S-box input is a
 * fixed linear form over it.
 */
export interface PoseidonForms {
  readonly t: number;
  /** Added to the inputs before the S-boxes of round 0. */
  readonly firstConstants: readonly bigint[];
  /** Rounds 1 … rounds−1. */
  readonly rounds: readonly PoseidonRound[];
  /** The t output lanes, over the S-box outputs of the last round. */
  readonly outputs: readonly LinearForm[];
}

const m = Fp.modulus;

/**
 * The forms of width t. Some ten milliseconds: keep the result.
 *
 * Let D erase lane 0. In the partial rounds lane i before the S-box of the n-th is
 * A_n·y + Σ_{k<n} A_{n−1−k}[0]·x_k + c_n[i] with y the basis of the last full round, x_k the k-th partial
 * S-box output and A_n the i-th row of (MD)ⁿM: one sequence of rows per lane gives all coefficients.
 */
export function poseidonForms(t: number): PoseidonForms {
  const parameters = poseidonParameters(t);
  const { partialRounds, roundConstants, mds } = parameters;
  const constantsOf = (r: number): readonly bigint[] => roundConstants.slice(r * t, (r + 1) * t);
  const firstPartial = FULL_ROUNDS / 2;
  const sequences = mds.map((row) => laneRows(mds, row, partialRounds));
  const constants = partialConstants(mds, partialRounds, (n) => constantsOf(firstPartial + n));
  const partialForm = (lane: number, n: number): LinearForm => ({
    coefficients: [...sequences[lane]![n]!, ...leads(sequences[lane]!, n)],
    constant: constants[n]![lane]!,
  });
  const mixed = (r: number): LinearForm[] =>
    mds.map((row, i) => ({ coefficients: row, constant: r === 0 ? 0n : constantsOf(r)[i]! }));
  const rounds = Array.from({ length: parameters.rounds - 1 }, (_, k): PoseidonRound => {
    const r = k + 1;
    const n = r - firstPartial;
    if (!isFullRound(parameters, r)) return { full: false, forms: [partialForm(0, n)] };
    const closing = n === partialRounds;
    return { full: true, forms: closing ? mds.map((_row, i) => partialForm(i, n)) : mixed(r) };
  });
  return { t, firstConstants: constantsOf(0), rounds, outputs: mixed(0) };
}

/** row·(DM)ⁿ for n = 0 … count, which is the same row of (MD)ⁿM when `row` is one of M. */
function laneRows(
  mds: readonly (readonly bigint[])[],
  row: readonly bigint[],
  count: number,
): (readonly bigint[])[] {
  const rows = [row];
  for (let n = 0; n < count; n++) {
    const previous = rows[n]!;
    const next = row.map((_, j) => {
      let sum = 0n;
      for (let i = 1; i < row.length; i++) sum += previous[i]! * mds[i]![j]!;
      return sum % m;
    });
    rows.push(next);
  }
  return rows;
}

/** Coefficients of x_0 … x_(n−1). */
const leads = (rows: readonly (readonly bigint[])[], n: number): bigint[] =>
  Array.from({ length: n }, (_, k) => rows[n - 1 - k]![0]!);

/** c_0 = constants(0), c_(n+1) = M·D·c_n + constants(n+1), for n = 0 … count. */
function partialConstants(
  mds: readonly (readonly bigint[])[],
  count: number,
  constants: (n: number) => readonly bigint[],
): (readonly bigint[])[] {
  const all = [constants(0)];
  for (let n = 0; n < count; n++) {
    const added = constants(n + 1);
    const next = mds.map((row, i) => {
      let sum = added[i]!;
      for (let j = 1; j < row.length; j++) sum += row[j]! * all[n]![j]!;
      return sum % m;
    });
    all.push(next);
  }
  return all;
}
