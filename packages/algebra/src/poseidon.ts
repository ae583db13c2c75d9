// Poseidon over Fp with circomlib's parameters, regenerated from the Grain LFSR (eprint 2019/458,
// appendices E and F). The plain, unoptimised permutation: the twin of the kernels.

import { assert } from "./errors.ts";
import { Fp, P } from "./field.ts";

export interface PoseidonParameters {
  /** Width of the state, 2 … 17. */
  readonly t: number;
  readonly partialRounds: number;
  /** Full and partial together. */
  readonly rounds: number;
  /** rounds·t constants, round by round. */
  readonly roundConstants: readonly bigint[];
  /** t rows. */
  readonly mds: readonly (readonly bigint[])[];
}

export const FULL_ROUNDS = 8;
const PARTIAL_ROUNDS = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68] as const;
const FIELD_BITS = 254;
const LFSR_BITS = 80;
const BUFFER_BITS = 2 ** 14;

/** The self-shrinking Grain LFSR: each call gives the next accepted bit. */
function grainLFSR(t: number, partialRounds: number): () => number {
  const state: number[] = [];
  const append = (value: number, width: number): void => {
    for (let k = width - 1; k >= 0; k--) state.push(Math.floor(value / 2 ** k) % 2);
  };
  append(1, 2); // prime field
  append(0, 4); // S-box x^α
  append(FIELD_BITS, 12);
  append(t, 12);
  append(FULL_ROUNDS, 10);
  append(partialRounds, 10);
  append(2 ** 30 - 1, 30);
  const bits = new Uint8Array(BUFFER_BITS); // the sequence, of which the last 80 bits are the state
  bits.set(state);
  let next = LFSR_BITS;
  const step = (): number => {
    if (next === BUFFER_BITS) {
      bits.copyWithin(0, BUFFER_BITS - LFSR_BITS);
      next = LFSR_BITS;
    }
    const o = next - LFSR_BITS;
    const left = bits[o + 62]! ^ bits[o + 51]! ^ bits[o + 38]!;
    const bit = left ^ bits[o + 23]! ^ bits[o + 13]! ^ bits[o]!;
    bits[next++] = bit;
    return bit;
  };
  for (let i = 0; i < 2 * LFSR_BITS; i++) step();
  return () => {
    while (step() === 0) step(); // bits come in pairs: (1, b) yields b, (0, ·) is dropped
    return step();
  };
}

/** Generates circomlib's parameters of width t. Some milliseconds: keep the result. */
export function poseidonParameters(t: number): PoseidonParameters {
  assert(Number.isInteger(t) && t >= 2 && t <= 17, `Poseidon width must be 2…17, got ${t}`);
  const partialRounds = PARTIAL_ROUNDS[t - 2]!;
  const rounds = FULL_ROUNDS + partialRounds;
  const nextBit = grainLFSR(t, partialRounds);
  const nextInteger = (): bigint => {
    let x = 0n;
    for (let left = FIELD_BITS; left > 0;) {
      const width = left % 32 || 32;
      let word = 0;
      for (let k = 0; k < width; k++) word = 2 * word + nextBit();
      x = (x << 32n) | BigInt(word);
      left -= width;
    }
    return x;
  };
  const roundConstants: bigint[] = [];
  while (roundConstants.length < rounds * t) {
    const candidate = nextInteger();
    if (candidate < P) roundConstants.push(candidate);
  }
  return { t, partialRounds, rounds, roundConstants, mds: cauchyMatrix(t, nextInteger) };
}

/** M[i][j] = 1/(x_i + y_j); here the draws are reduced, not rejected. */
function cauchyMatrix(t: number, nextInteger: () => bigint): bigint[][] {
  let draws: bigint[];
  do draws = Array.from({ length: 2 * t }, () => nextInteger() % P);
  while (new Set(draws).size < 2 * t);
  const sums = draws.slice(0, t).flatMap((x) => draws.slice(t).map((y) => Fp.reduce(x + y)));
  const inverses = Fp.batchInv(sums);
  return Array.from({ length: t }, (_, i) => inverses.slice(i * t, (i + 1) * t));
}

/** The first four and the last four rounds apply the S-box to the whole state. */
export const isFullRound = ({ partialRounds }: PoseidonParameters, round: number): boolean =>
  round < FULL_ROUNDS / 2 || round >= FULL_ROUNDS / 2 + partialRounds;

/** Runs the permutation of `parameters.t` lanes: each round adds constants, applies x⁵, multiplies by the MDS matrix. */
export function permuteWith(parameters: PoseidonParameters, input: readonly bigint[]): bigint[] {
  const { t, rounds, roundConstants, mds } = parameters;
  assert(input.length === t, `Perm_${t} takes ${t} lanes, got ${input.length}`);
  let state = [...input];
  for (let r = 0; r < rounds; r++) {
    const full = isFullRound(parameters, r);
    for (let i = 0; i < t; i++) {
      const x = state[i]! + roundConstants[r * t + i]!;
      state[i] = full || i === 0 ? fifthPower(x) : x;
    }
    state = mds.map((row) => {
      let sum = 0n;
      for (let j = 0; j < t; j++) sum += row[j]! * state[j]!;
      return sum % P;
    });
  }
  return state;
}

function fifthPower(x: bigint): bigint {
  const x2 = (x * x) % P;
  return (((x2 * x2) % P) * x) % P;
}

/** A permutation of any supported width, as the hashes and transcripts below take it. */
export type Permutation = (state: readonly bigint[]) => bigint[];

/** The plain permutation, generating each width's parameters once. */
export function plainPoseidon(): Permutation {
  const cache = new Map<number, PoseidonParameters>();
  return (state) => {
    let parameters = cache.get(state.length);
    if (parameters === undefined) {
      parameters = poseidonParameters(state.length);
      cache.set(state.length, parameters);
    }
    return permuteWith(parameters, state);
  };
}

/** Elements absorbed by one permutation of `hashChain`. */
export const CHAIN_RATE = 16;

/** Blocks of 16, the last one padded with `zero`. */
export function chainBlocks<T>(elements: readonly T[], zero: T): T[][] {
  const blocks: T[][] = [];
  for (let i = 0; i < elements.length; i += CHAIN_RATE) {
    const block = elements.slice(i, i + CHAIN_RATE);
    while (block.length < CHAIN_RATE) block.push(zero);
    blocks.push(block);
  }
  return blocks;
}

/**
 * H(tag; x…): c = tag; for each block of 16, c = Perm₁₇(c, block)[0]. There is no length padding:
 * every tag has one fixed length for given (a, s), and both are in vk.
 */
export function hashChain(permute: Permutation, tag: bigint, elements: readonly bigint[]): bigint {
  let c = tag;
  for (const block of chainBlocks(elements, 0n)) c = permute([c, ...block])[0]!;
  return c;
}
