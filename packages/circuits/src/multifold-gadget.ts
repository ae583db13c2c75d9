// The multifolding verifier (HyperNova, eprint 2023/573, §5; design page §5, steps 1–6) in circuit. Slots
// are always in the order U_L, U_R, u_L, u_R.

import { SHORT_BITS, TAG } from "@foldmesh/algebra";
import { canonicalBits, pack } from "./bits.ts";
import type { Builder } from "./builder.ts";
import type { MergeTables } from "./merge-types.ts";
import { poseidonGadget } from "./poseidon.ts";
import {
  type ChildHeader,
  ODD_SCALAR_OFFSET,
  evaluationsBlock,
  openingBlock,
} from "./statement.ts";
import { type Pair, type Quad, type Triple, map3 } from "./tuples.ts";

/** What the equations of the fold read of a running instance. */
export interface RunningClaim<V> {
  readonly r: readonly V[];
  readonly v: Triple<V>;
}

/** The transcript after γ and τ; `gammas` are the powers γ⁰ … γ⁷. */
export interface OpenedTranscript<V> {
  readonly chain: V;
  readonly gammas: readonly V[];
  readonly tau: V;
}

export function openTranscript<V>(
  cs: Builder<V>,
  { poseidon17 }: MergeTables,
  L: ChildHeader<V>,
  R: ChildHeader<V>,
): OpenedTranscript<V> {
  const lanes = [cs.constant(TAG.transcript), ...openingBlock(L, R, cs.zero)];
  const [chain, gamma, tau] = poseidonGadget(cs, poseidon17, lanes, 3);
  const gammas = [cs.one, gamma!];
  while (gammas.length < 8) gammas.push(cs.mul(gammas.at(-1)!, gamma!));
  return { chain: chain!, gammas, tau: tau! };
}

/** A variable equal to a long linear combination, to keep later rows short. */
function materialize<V>(cs: Builder<V>, combination: V): V {
  const variable = cs.witness(cs.value(combination));
  cs.enforceEqual(variable, combination, "materialize");
  return variable;
}

const ONES: Triple<bigint> = [1n, 1n, 1n];

/** Σ_j γ^(offset+j)·values[j] */
function gammaCombination<V>(
  cs: Builder<V>,
  gammas: readonly V[],
  offset: number,
  values: Triple<V>,
): V {
  const terms = values.map((value, j) =>
    offset + j === 0 ? value : cs.mul(gammas[offset + j]!, value),
  );
  return cs.linear(ONES, terms);
}

/** Where the sumcheck ends: f(point) = claim remains to be shown. */
export interface SumcheckEnd<V> {
  readonly chain: V;
  readonly claim: V;
  readonly point: readonly V[];
}

/** §5 step 3: each message g = c0 + c1·X + c2·X² + c3·X³ sums to the claim, c1 being implied. */
export function verifySumcheck<V>(
  cs: Builder<V>,
  { poseidon4 }: MergeTables,
  transcript: OpenedTranscript<V>,
  [UL, UR]: Pair<RunningClaim<V>>,
  messages: readonly Triple<bigint>[],
): SumcheckEnd<V> {
  const { gammas } = transcript;
  let { chain } = transcript;
  const claimL = gammaCombination(cs, gammas, 0, UL.v);
  let claim = cs.add(claimL, gammaCombination(cs, gammas, 3, UR.v));
  const point: V[] = [];
  for (const message of messages) {
    const [c0, c2, c3] = map3(message, (value) => cs.witness(value));
    const c1 = cs.linear([1n, -2n, -1n, -1n], [claim, c0, c2, c3]);
    const [next, squeezed] = poseidonGadget(cs, poseidon4, [chain, c0, c2, c3], 2);
    chain = next!;
    const challenge = materialize(cs, squeezed!);
    point.push(challenge);
    claim = evaluateCubic(cs, [c0, c1, c2, c3], challenge);
  }
  return { chain, claim, point };
}

/** c0 + x(c1 + x(c2 + x·c3)); also the fold of four slots. */
const evaluateCubic = <V>(cs: Builder<V>, [c0, c1, c2, c3]: Quad<V>, x: V): V => {
  const inner = cs.add(c2, cs.mul(x, c3));
  const middle = cs.add(c1, cs.mul(x, inner));
  return cs.add(c0, cs.mul(x, middle));
};

/** fold(y) = y0 + ρ(y1 + ρ(y2 + ρ·y3)) */
export const fold4 = <V>(cs: Builder<V>, rho: V, slots: Quad<V>): V =>
  evaluateCubic(cs, slots, rho);

/** eq(r, x) = Π_n (1 − r_n − x_n + 2·r_n·x_n) */
function eqGadget<V>(cs: Builder<V>, r: readonly V[], x: readonly V[]): V {
  let acc: V | undefined;
  r.forEach((rn, n) => {
    const product = cs.mul(rn, x[n]!);
    const factor = cs.linear([-1n, -1n, 2n], [rn, x[n]!, product], 1n);
    acc = acc === undefined ? factor : cs.mul(acc, factor);
  });
  return acc ?? cs.one;
}

/** pow(τ, x) = Π_n (1 − x_n + x_n·τ^(2^(s−1−n))), by repeated squaring from the last variable. */
function powGadget<V>(cs: Builder<V>, tau: V, x: readonly V[]): V {
  let acc = cs.one;
  let power = tau;
  for (let n = x.length - 1; n >= 0; n--) {
    const factor = cs.linear([-1n, 1n], [x[n]!, cs.mul(x[n]!, power)], 1n);
    acc = cs.mul(acc, factor);
    if (n > 0) power = cs.mul(power, power);
  }
  return acc;
}

/** §5 step 4: f(r') = claim, with the evaluations σ_L, σ_R, θ_L, θ_R in the place of the matrices. */
export function enforceFinalClaim<V>(
  cs: Builder<V>,
  { gammas, tau }: OpenedTranscript<V>,
  [UL, UR]: Pair<RunningClaim<V>>,
  { claim, point }: SumcheckEnd<V>,
  evals: Quad<Triple<V>>,
): void {
  const [eqL, eqR] = [eqGadget(cs, UL.r, point), eqGadget(cs, UR.r, point)];
  const pow = powGadget(cs, tau, point);
  const zeroCheck = ([a, b, c]: Triple<V>): V => cs.sub(cs.mul(a, b), c);
  const linearL = cs.mul(eqL, gammaCombination(cs, gammas, 0, evals[0]));
  const linearR = cs.mul(eqR, gammaCombination(cs, gammas, 3, evals[1]));
  const checkL = cs.mul(gammas[6]!, zeroCheck(evals[2]));
  const checkR = cs.mul(gammas[7]!, zeroCheck(evals[3]));
  const quadratic = cs.mul(pow, cs.add(checkL, checkR));
  cs.enforceEqual(cs.linear(ONES, [linearL, linearR, quadratic]), claim, "final-claim");
}

/** The 127 low bits of a lane, decomposed canonically: no other t fits the same lane. */
export const shortChallengeBits = <V>(cs: Builder<V>, lane: V): V[] =>
  canonicalBits(cs, lane).slice(0, SHORT_BITS);

/** ρ = 2¹²⁷ + 2t + 1 with the bits of t. */
export interface FoldingChallenge<V> {
  readonly chain: V;
  readonly tBits: readonly V[];
  readonly rho: V;
}

/** §5 step 5. */
export function squeezeRho<V>(
  cs: Builder<V>,
  { poseidon17 }: MergeTables,
  chainIn: V,
  evals: Quad<Triple<V>>,
): FoldingChallenge<V> {
  const lanes = [chainIn, ...evaluationsBlock(evals, cs.zero)];
  const [chain, lane] = poseidonGadget(cs, poseidon17, lanes, 2);
  const tBits = shortChallengeBits(cs, lane!);
  const rho = materialize(cs, cs.linear([2n], [pack(cs, tBits)], ODD_SCALAR_OFFSET));
  return { chain: chain!, tBits, rho };
}
