import { PAIR } from "../codegen/backend.ts";
import { STATIC } from "../codegen/static.ts";
import { assert } from "../errors.ts";
import { poseidonParameters } from "../poseidon.ts";
import { type FieldMemory, INTEGER, pairsFor } from "./field-memory.ts";
import type { PoseidonKernels } from "./kernels.ts";
import { type Allocator, BLOCK_ALIGNMENT } from "./memory.ts";
import { type OptimisedPoseidon, optimisePoseidon } from "./poseidon-constants.ts";
import { readElement } from "../bytes.ts";

type States = 1 | 2;

/**
 * From this width on, states of a batch are permuted one by one: a state alone fills the lanes, and
 * constants for one state take half the cache.
 */
const SINGLE_FROM_WIDTH = 9;

/** Heap header words, one per width and shape: address / 64 of the constants once some rank made them. */
const TABLE = STATIC.heap.base / 4 + 16;

/** The constants follow the number of partial rounds, a u32. */
const PREFIX = 64;

/** Poseidon permutations of one rank; constants are made on first use and shared by all ranks. */
export class PoseidonPermuter {
  readonly #memory: FieldMemory;
  readonly #kernels: PoseidonKernels;
  readonly #resident: Allocator;

  constructor(memory: FieldMemory, kernels: PoseidonKernels, resident: Allocator) {
    this.#memory = memory;
    this.#kernels = kernels;
    this.#resident = resident;
  }

  permute(states: readonly (readonly bigint[])[]): bigint[][] {
    const t = states[0]?.length;
    if (t === undefined) return [];
    assert(
      states.every((state) => state.length === t),
      "permute: states of different widths",
    );
    assert(t >= 2 && t <= 17, `Poseidon width must be 2…17, got ${t}`);
    return this.#memory.scratch(() => {
      const out: bigint[][] = [];
      for (let i = 0; i < states.length;) {
        const two = t < SINGLE_FROM_WIDTH && i + 1 < states.length;
        if (two) out.push(...this.#two(states[i]!, states[i + 1]!));
        else out.push(this.#one(states[i]!));
        i += two ? 2 : 1;
      }
      return out;
    });
  }

  #one(state: readonly bigint[]): bigint[] {
    return this.#run(1, state, state.length, pairsFor(state.length));
  }

  #two(a: readonly bigint[], b: readonly bigint[]): [bigint[], bigint[]] {
    const t = a.length;
    const interleaved = a.flatMap((x, i) => [x, b[i]!]);
    const mixed = this.#run(2, interleaved, t, t);
    return [mixed.filter((_, i) => i % 2 === 0), mixed.filter((_, i) => i % 2 === 1)];
  }

  /** Permutes the elements of n pairs (one or two states of width t). */
  #run(states: States, elements: readonly bigint[], t: number, n: number): bigint[] {
    const memory = this.#memory;
    const constants = this.#constants(t, states);
    return memory.scratch(() => {
      const integers = memory.task.alloc(2 * INTEGER * n);
      const state = memory.task.alloc(2 * PAIR * n);
      const scratch = memory.task.alloc(2 * PAIR * n);
      memory.writeIntegers(integers, elements);
      const bad = memory.kernels.fromIntegers(state, integers, n);
      assert(bad === 0, "permute: a state is not canonical");
      const rounds = memory.view().getUint32(constants, true);
      const kernel = states === 1 ? "permute1" : "permute2";
      this.#kernels[kernel](state, scratch, constants + PREFIX, n, rounds);
      memory.kernels.toIntegers(integers, state, n);
      const view = memory.view();
      return elements.map((_, i) => readElement(view, integers + INTEGER * i));
    });
  }

  #constants(t: number, states: States): number {
    const header = new Int32Array(this.#memory.bytes().buffer);
    const slot = TABLE + 2 * t + (states - 1);
    const known = Atomics.load(header, slot) >>> 0;
    if (known !== 0) return known * BLOCK_ALIGNMENT;
    const parameters = poseidonParameters(t);
    const pairs = constantPairs(optimisePoseidon(parameters), states);
    const address = this.#resident.alloc(PREFIX + PAIR * pairs.length);
    this.#memory.view().setUint32(address, parameters.partialRounds, true);
    const target = this.#memory.bytes();
    pairs.forEach(([x, y], i) => {
      target.set(this.#memory.encodePair(x, y), address + PREFIX + PAIR * i);
    });
    Atomics.store(new Int32Array(target.buffer), slot, address / BLOCK_ALIGNMENT);
    return address;
  }
}

type PairOf = readonly [bigint, bigint];

/** In the order codegen/poseidon-kernels.ts reads them. */
function constantPairs(c: OptimisedPoseidon, states: States): PairOf[] {
  const vector = states === 1 ? inPairs : (x: readonly bigint[]) => x.map(twice);
  const matrix =
    states === 1 ? swappedMatrix : (m: readonly (readonly bigint[])[]) => m.flatMap(vector);
  const half = c.full.length / 2;
  const full = c.full.map(({ after, matrix: m }) => [...vector(after), ...matrix(m)]);
  const partial = c.partial.map(({ after, row, column }) => [
    twice(after),
    ...vector(row),
    ...vector(column),
  ]);
  return [vector(c.initial), ...full.slice(0, half), ...partial, ...full.slice(half)].flat();
}

const twice = (x: bigint): PairOf => [x, x];

const inPairs = (x: readonly bigint[]): PairOf[] =>
  Array.from({ length: pairsFor(x.length) }, (_, i) => [x[2 * i]!, x[2 * i + 1] ?? 0n]);

/** Rows 2i, 2i+1 against pairs (x₂ₖ, x₂ₖ₊₁), then against (x₂ₖ₊₁, x₂ₖ). */
function swappedMatrix(m: readonly (readonly bigint[])[]): PairOf[] {
  const n = pairsFor(m.length);
  const at = (i: number, j: number): bigint => m[i]?.[j] ?? 0n;
  const indices = Array.from({ length: n }, (_, k) => k);
  return indices.flatMap((i) => [
    ...indices.map((k): PairOf => [at(2 * i, 2 * k), at(2 * i + 1, 2 * k + 1)]),
    ...indices.map((k): PairOf => [at(2 * i, 2 * k + 1), at(2 * i + 1, 2 * k)]),
  ]);
}
