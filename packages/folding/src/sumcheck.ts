// The prover's side of sumchecks over sums of eq(r,x)·lin(x) and pow_τ(x)·(ab − c)(x), such as the merge's
//   eq(r_L,x)·lin_L(x) + eq(r_R,x)·lin_R(x) + pow_τ(x)·[γ⁶(ab − c)_L + γ⁷(ab − c)_R](x).
// eq and pow are products over the variables, so their bound part is one factor and only the tables of
// the unbound variables are needed: a round costs inner products, not eleven bound tables.

import type { Engine, PrimeField, Vec, VectorField } from "@foldmesh/algebra";
import type { Quad, Triple } from "@foldmesh/circuits";
import type { FoldChallenges, RoundMessage, Slots } from "./multifold.ts";
import { powFactors } from "./multilinear.ts";

/** Coefficients of a polynomial of degree 3 or less, constant first. */
export type Cubic = readonly [bigint, bigint, bigint, bigint];

/** Absorbs a message; returns the challenge and the next claim. */
export type RoundVerifier = (
  message: RoundMessage,
  claim: bigint,
) => { challenge: bigint; claim: bigint };

const addCubic = (f: Cubic, g: Cubic): Cubic => [
  f[0] + g[0],
  f[1] + g[1],
  f[2] + g[2],
  f[3] + g[3],
];

/** A summand that can be asked for its round polynomial and then bound. */
export interface Summand {
  round(): Promise<Cubic>;
  bind(challenge: bigint): void;
}

/** prefix·((1−r) + (2r−1)X)·(lo + (hi−lo)X) for eq(r, ·)·table. */
export function linearSummand(vectors: VectorField, r: readonly bigint[], table: Vec): Summand {
  const { field } = vectors;
  let k = 0;
  let prefix = 1n;
  let current = table;
  return {
    async round() {
      const weights = vectors.eqTable(r.slice(k + 1));
      const [lo, hi] = await vectors.linearRound(current, weights);
      const e0 = prefix * (1n - r[k]!);
      const e1 = prefix * (2n * r[k]! - 1n);
      const d = hi - lo;
      return [e0 * lo, e0 * d + e1 * lo, e1 * d, 0n];
    },
    bind(x) {
      prefix = field.mul(prefix, 1n - r[k]! - x + 2n * r[k]! * x);
      current = vectors.bindTop(current, x);
      k++;
    },
  };
}

/** prefix·(1 + (τ^(2^…) − 1)X)·Σ pow·(ab − c) for each of several triples, which it consumes. */
export function powSummand(
  vectors: VectorField,
  tau: bigint,
  s: number,
  triples: readonly Triple<Vec>[],
): Summand {
  const { field } = vectors;
  const factors = powFactors(tau, s, field);
  const powers = vectors.powers(tau, 2 ** (s - 1));
  let k = 0;
  let prefix = 1n;
  let current = triples;
  return {
    async round() {
      const weights = vectors.slice(powers, 0, 2 ** (s - 1 - k));
      let [q0, q1, q2] = [0n, 0n, 0n];
      for (const [a, b, c] of current) {
        const q = await vectors.quadraticRound(a, b, c, weights);
        [q0, q1, q2] = [q0 + q[0], q1 + q[1], q2 + q[2]];
      }
      const e1 = prefix * (factors[k]! - 1n);
      return [prefix * q0, prefix * q1 + e1 * q0, prefix * q2 + e1 * q1, e1 * q2];
    },
    bind(x) {
      prefix = field.mul(prefix, 1n - x + x * factors[k]!);
      current = current.map(([a, b, c]) => [
        vectors.bindTop(a, x),
        vectors.bindTop(b, x),
        vectors.bindTop(c, x),
      ]);
      k++;
    },
  };
}

/** Runs s rounds. `verifyRound` absorbs a message and returns the challenge. */
export async function runSumcheck(
  field: PrimeField,
  s: number,
  summands: readonly Summand[],
  verifyRound: RoundVerifier,
  initialClaim: bigint,
): Promise<{ rounds: RoundMessage[]; point: bigint[] }> {
  const rounds: RoundMessage[] = [];
  const point: bigint[] = [];
  let claim = initialClaim;
  for (let k = 0; k < s; k++) {
    const cubics = await Promise.all(summands.map((summand) => summand.round()));
    const [c0, , c2, c3] = cubics.reduce(addCubic).map((c) => field.reduce(c)) as unknown as Cubic;
    const step = verifyRound([c0, c2, c3], claim);
    for (const summand of summands) summand.bind(step.challenge);
    rounds.push([c0, c2, c3]);
    point.push(step.challenge);
    claim = step.claim;
  }
  return { rounds, point };
}

/** A scaled copy, because binding may reuse storage: γ(ab − c) = (γa)b − (γc). */
export const scaledTriple = (
  vectors: VectorField,
  gamma: bigint,
  [a, b, c]: Triple<Vec>,
): Triple<Vec> => [vectors.scale(gamma, a), vectors.slice(b, 0, b.length), vectors.scale(gamma, c)];

/** The merge's sumcheck. `tables` are [Az, Bz, Cz] of U_L, U_R, u_L, u_R, padded to 2^s; they are left intact. */
export async function proveSumcheck(
  engine: Engine,
  { gammas, tau }: FoldChallenges,
  { UL, UR }: Slots,
  tables: Quad<Triple<Vec>>,
  verifyRound: RoundVerifier,
  initialClaim: bigint,
): Promise<{ rounds: RoundMessage[]; point: bigint[] }> {
  const vectors = engine.Fp;
  const s = UL.r.length;
  const summands = [
    linearSummand(vectors, UL.r, vectors.linear(gammas.slice(0, 3), tables[0])),
    linearSummand(vectors, UR.r, vectors.linear(gammas.slice(3, 6), tables[1])),
    powSummand(vectors, tau, s, [
      scaledTriple(vectors, gammas[6]!, tables[2]),
      scaledTriple(vectors, gammas[7]!, tables[3]),
    ]),
  ];
  return runSumcheck(vectors.field, s, summands, verifyRound, initialClaim);
}
