import { readElement } from "../bytes.ts";
import { PAIR } from "../codegen/backend.ts";
import { STATIC } from "../codegen/static.ts";
import { assert } from "../errors.ts";
import { poseidonParameters } from "../poseidon.ts";
import { type FieldMemory, INTEGER, pairsFor } from "./field-memory.ts";
import type { PoseidonKernels } from "./kernels.ts";
import { type Allocator, BLOCK_ALIGNMENT } from "./memory.ts";
import { type OptimisedPoseidon, optimisePoseidon } from "./poseidon-constants.ts";

/** A single state in pairs of elements, or a batch in pairs of states. */
type Shape = "single" | "batch";

/** Pairs of states permuted together. */
const GROUP = 4;

/** Heap header words, one per shape and width: address / 64 of the constants once some rank made them. */
const TABLE = { single: STATIC.heap.base / 4 + 16, batch: STATIC.heap.base / 4 + 48 };

/** The constants follow the number of partial rounds, a u32. */
const PREFIX = 64;

type State = readonly bigint[];

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

  permute(states: readonly State[]): bigint[][] {
    const t = states[0]?.length;
    if (t === undefined) return [];
    assert(t >= 2 && t <= 17, `Poseidon width must be 2…17, got ${t}`);
    assert(
      states.every((state) => state.length === t),
      "permute: states of different widths",
    );
    if (states.length === 1) return [this.#single(states[0]!)];
    const out: bigint[][] = [];
    for (let i = 0; i < states.length; i += 2 * GROUP) {
      out.push(...this.#batch(states.slice(i, i + 2 * GROUP)));
    }
    return out;
  }

  #single(state: State): bigint[] {
    const t = state.length;
    return this.#run("single", t, state, 1, (at, scratch, slots, constants, rounds) =>
      this.#kernels.permuteSingle(at, scratch, slots, constants, t, rounds),
    );
  }

  #batch(states: readonly State[]): bigint[][] {
    const t = states[0]!.length;
    const group = pairsFor(states.length);
    // element k of state s goes to position k·2·group + s
    const elements = Array.from(
      { length: 2 * group * t },
      (_, i) => states[i % (2 * group)]?.[Math.floor(i / (2 * group))] ?? 0n,
    );
    const permuted = this.#run("batch", t, elements, group, (at, scratch, slots, c, rounds) =>
      this.#kernels.permuteBatch(at, scratch, slots, c, t, rounds, group),
    );
    return states.map((state, s) => state.map((_, k) => permuted[2 * group * k + s]!));
  }

  /** Runs a kernel on elements in memory; `group` pairs for each of its slots. */
  #run(
    shape: Shape,
    t: number,
    elements: State,
    group: number,
    kernel: (
      state: number,
      scratch: number,
      slots: number,
      constants: number,
      rounds: number,
    ) => void,
  ): bigint[] {
    const memory = this.#memory;
    const header = this.#constants(t, shape);
    return memory.scratch(() => {
      const pairs = pairsFor(elements.length);
      const rounds = memory.view().getUint32(header, true);
      const integers = memory.task.alloc(2 * INTEGER * pairs);
      const [state, scratch] = [0, 1].map(() => memory.task.alloc(2 * PAIR * pairs));
      const slots = memory.task.alloc(PAIR * group * (t + rounds + 2));
      memory.writeIntegers(integers, elements);
      const bad = memory.kernels.fromIntegers(state!, integers, pairs);
      assert(bad === 0, "permute: a state is not canonical");
      kernel(state!, scratch!, slots, header + PREFIX, rounds);
      memory.kernels.toIntegers(integers, state!, pairs);
      const view = memory.view();
      return elements.map((_, i) => readElement(view, integers + INTEGER * i));
    });
  }

  #constants(t: number, shape: Shape): number {
    const slot = TABLE[shape] + t;
    const known = Atomics.load(new Int32Array(this.#memory.bytes().buffer), slot);
    if (known !== 0) return known * BLOCK_ALIGNMENT;
    const parameters = poseidonParameters(t);
    const encoded = this.#encode(optimisePoseidon(parameters), shape);
    const size = encoded[0]!.length;
    const address = this.#resident.alloc(PREFIX + size * encoded.length);
    this.#memory.view().setUint32(address, parameters.partialRounds, true);
    const target = this.#memory.bytes();
    encoded.forEach((bytes, i) => target.set(bytes, address + PREFIX + size * i));
    Atomics.store(new Int32Array(target.buffer), slot, address / BLOCK_ALIGNMENT);
    return address;
  }

  #encode(c: OptimisedPoseidon, shape: Shape): Uint8Array[] {
    if (shape === "batch") {
      const matrices = [c.mds, c.enter, c.leave].flat(2);
      const elements = [
        ...matrices,
        ...c.head,
        ...c.feedback,
        ...inOrder(
          c,
          (x) => x,
          (x) => x,
        ),
      ];
      return elements.map((x) => this.#memory.encode(x));
    }
    const pairs = [
      ...[c.mds, c.enter, c.leave].flatMap(swappedMatrix),
      ...c.head.map((x, i): PairOf => [x, c.feedback[i]!]),
      ...inOrder(c, inPairs, (x): PairOf => [x, x]),
    ];
    return pairs.map(([x, y]) => this.#memory.encodePair(x, y));
  }
}

/** Added constants in the order of use. */
function inOrder<T>(
  { initial, fullAfter, partialAfter }: OptimisedPoseidon,
  vector: (x: State) => readonly T[],
  scalar: (x: bigint) => T,
): T[] {
  const half = fullAfter.length / 2;
  return [
    ...vector(initial),
    ...fullAfter.slice(0, half).flatMap(vector),
    ...partialAfter.map(scalar),
    ...fullAfter.slice(half).flatMap(vector),
  ];
}

type PairOf = readonly [bigint, bigint];

const inPairs = (x: State): PairOf[] =>
  Array.from({ length: pairsFor(x.length) }, (_, i) => [x[2 * i]!, x[2 * i + 1] ?? 0n]);

/** Rows 2i, 2i+1 against pairs (x₂ₖ, x₂ₖ₊₁), then against (x₂ₖ₊₁, x₂ₖ). */
function swappedMatrix(m: readonly State[]): PairOf[] {
  const n = pairsFor(m.length);
  const at = (i: number, j: number): bigint => m[i]?.[j] ?? 0n;
  const indices = Array.from({ length: n }, (_, k) => k);
  return indices.flatMap((i) => [
    ...indices.map((k): PairOf => [at(2 * i, 2 * k), at(2 * i + 1, 2 * k + 1)]),
    ...indices.map((k): PairOf => [at(2 * i, 2 * k + 1), at(2 * i + 1, 2 * k)]),
  ]);
}
