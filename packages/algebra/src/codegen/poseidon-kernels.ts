import { type FieldCode, PAIR, type Pair } from "./backend.ts";
import {
  type Callable,
  type Code,
  type FunctionBuilder,
  type Local,
  type Value,
  i32,
} from "./emitter.ts";
import type { FieldTarget } from "./field-module.ts";
import { forPairs } from "./loops.ts";
import { I32 } from "./opcodes.ts";
import { chunks } from "./vector-kernels.ts";

// Poseidon with sparse partial rounds (wasm/poseidon-constants.ts), in two shapes over the same steps:
//   one state   elements 2k, 2k+1 share pair k: shortest time for a single permutation
//   two states  element k of both states shares pair k: best throughput for small widths
// `n` counts the pairs of a state. Constants lie in the order they are used:
//   initial n · 4×(after S-box n · matrix) · rounds×(after S-box 1 · row n · column n) · 4×(…)
// A matrix has n rows of products; with one state a row has 2n, the second half against swapped pairs.

const HALF_FULL_ROUNDS = 4;

interface Steps {
  readonly sboxes: Callable;
  readonly mix: Callable;
  readonly partial: Callable;
}

export function poseidonKernels(target: FieldTarget, innerProduct: Callable): void {
  const sboxes = sboxKernel(target);
  for (const states of [1, 2] as const) {
    const mix = mixKernel(target, innerProduct, states);
    const partial = partialKernel(target, states);
    permutation(target, `permute${states}`, { sboxes, mix, partial }, states);
  }
}

function fifthPower(field: FieldCode, code: Code, x: Pair, plus: Pair): Pair {
  const fourth = field.sqr(code, field.sqr(code, x));
  return field.mul(code, fourth, x, { plus });
}

/** state[i] = state[i]⁵ + c[i] */
function sboxKernel({ module, field, backend }: FieldTarget): Callable {
  return module.func("", [I32, I32, I32], [], (f) => {
    const [state, c] = [f.param(0), f.param(1)];
    forPairs(f, f.param(2), backend.streams, [state, c], (code, at) => {
      const plus = field.loadPair(code, c, at);
      const x = field.loadPair(code, state, at);
      field.storePair(code, state, at, fifthPower(field, code, x, plus));
    });
  });
}

/** out = matrix · state; with one state, swapped pairs are appended to it first. */
function mixKernel(
  { module, field }: FieldTarget,
  innerProduct: Callable,
  states: 1 | 2,
): Callable {
  return module.func("", [I32, I32, I32, I32], [], (f) => {
    const [state, matrix, n, out] = [f.param(0), f.param(1), f.param(2), f.param(3)];
    const size = f.op("i32.mul", n, i32(PAIR));
    if (states === 1) {
      const at = f.variable(state);
      f.repeat(n, () => {
        const swapped = field.swap(f, field.loadPair(f, at));
        field.storePair(f, f.op("i32.add", at, size), 0, swapped);
        f.opTo(at, "i32.add", at, i32(PAIR));
      });
    }
    const terms = states === 1 ? f.op("i32.shl", n, i32(1)) : n;
    const rowBytes = f.op("i32.mul", terms, i32(PAIR));
    f.repeat(n, () => {
      f.call(innerProduct, out, state, matrix, terms);
      f.opTo(out, "i32.add", out, i32(PAIR));
      f.opTo(matrix, "i32.add", matrix, rowBytes);
    });
  });
}

/** `rounds` sparse rounds: x₀ ← x₀⁵ + c, then x₀ ← ⟨row, x⟩ and xᵢ ← xᵢ + x₀·columnᵢ. */
function partialKernel({ module, field, backend }: FieldTarget, states: 1 | 2): Callable {
  return module.func("", [I32, I32, I32, I32], [], (f) => {
    const [state, c, n, rounds] = [f.param(0), f.param(1), f.param(2), f.param(3)];
    const sum = field.accumulator(f);
    const size = f.op("i32.mul", n, i32(PAIR));
    f.repeat(rounds, () => {
      const x = field.loadPair(f, state);
      const power = fifthPower(field, f, x, field.loadPair(f, c));
      const y = states === 1 ? field.select(f, i32(1), power, x) : power;
      field.storePair(f, state, 0, y);
      const row = f.variable(f.op("i32.add", c, i32(PAIR)));
      const head = headOf(f, field, sum, state, row, n, states);
      const column = f.variable(f.op("i32.add", c, f.op("i32.add", size, i32(PAIR))));
      const both = states === 1 ? field.select(f, i32(1), y, field.swap(f, y)) : y;
      const at = f.variable(state);
      forPairs(f, n, backend.streams, [at, column], (code, offset) => {
        const plus = field.loadPair(code, at, offset);
        const k = field.loadPair(code, column, offset);
        field.storePair(code, at, offset, field.mul(code, both, k, { plus }));
      });
      const kept = field.loadPair(f, state);
      const first = states === 1 ? field.select(f, i32(1), head, kept) : head;
      field.storePair(f, state, 0, first);
      f.assign(c, column);
    });
  });
}

/** ⟨row, state⟩; with one state the lane sums are added up in both lanes. */
function headOf(
  f: FunctionBuilder,
  field: FieldCode,
  sum: ReturnType<FieldCode["accumulator"]>,
  state: Local,
  row: Local,
  n: Value,
  states: 1 | 2,
): Pair {
  const total = field.zero(f).map((value) => f.variable(value));
  const at = f.variable(state);
  chunks(f, field, sum, f.variable(n), total, () => {
    sum.addProduct(f, field.loadPair(f, at), field.loadPair(f, row));
    f.opTo(at, "i32.add", at, i32(PAIR));
    f.opTo(row, "i32.add", row, i32(PAIR));
  });
  if (states === 2) return total;
  return field.normalize(f, field.add(f, total, field.swap(f, total)));
}

/** state (with n more pairs of room) and scratch (likewise); the result is in `state`. */
function permutation(
  { module, field }: FieldTarget,
  name: string,
  { sboxes, mix, partial }: Steps,
  states: 1 | 2,
): void {
  module.func(name, [I32, I32, I32, I32, I32], [], (f) => {
    const [state, scratch, c, n, rounds] = [0, 1, 2, 3, 4].map((i) => f.param(i)) as [
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const size = f.op("i32.mul", n, i32(PAIR));
    const matrixSize = f.op("i32.mul", size, states === 1 ? f.op("i32.shl", n, i32(1)) : n);
    const at = f.variable(state);
    forPairs(f, n, 1, [at, c], () => {
      const sum = field.add(f, field.loadPair(f, at), field.loadPair(f, c));
      field.storePair(f, at, 0, field.normalize(f, sum));
    });
    const fullRound = (from: Local, to: Local): void => {
      f.call(sboxes, from, c, n);
      f.opTo(c, "i32.add", c, size);
      f.call(mix, from, c, n, to);
      f.opTo(c, "i32.add", c, matrixSize);
    };
    const fullRounds = (): void =>
      f.repeat(i32(HALF_FULL_ROUNDS / 2), () => {
        fullRound(state, scratch);
        fullRound(scratch, state);
      });
    fullRounds();
    f.call(partial, state, c, n, rounds);
    const roundSize = f.op("i32.add", f.op("i32.shl", size, i32(1)), i32(PAIR));
    f.opTo(c, "i32.add", c, f.op("i32.mul", roundSize, rounds));
    fullRounds();
  });
}
