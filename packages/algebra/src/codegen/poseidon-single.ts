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

// Poseidon of one state for the shortest time (rounds: see wasm/poseidon-constants.ts). In full rounds
// elements 2k, 2k+1 share pair k, so both lanes work; n = ⌈t/2⌉ pairs. In partial rounds a *slot* holds
// one element in both lanes, and the lanes of a product are the two new elements.
//
// Constants are pairs:
//   mds | enter | leave    n rows of 2n pairs, the second half against swapped pairs
//   recurrence             t pairs (head, feedback)
//   in order of use        initial n · 4 × after n · rounds × after 1 · 4 × after n

export const HALF_FULL_ROUNDS = 4;

interface Steps {
  readonly sboxes: Callable;
  readonly mix: Callable;
  readonly partial: Callable;
}

export function poseidonSingle(target: FieldTarget, innerProduct: Callable): void {
  const sboxes = sboxKernel(target);
  const mix = mixKernel(target, innerProduct);
  const partial = partialKernel(target, innerProduct);
  permutation(target, { sboxes, mix, partial });
}

export function fifthPower(field: FieldCode, code: Code, x: Pair, plus: Pair): Pair {
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

/** out = matrix · state; swapped pairs are appended to the state first. */
function mixKernel({ module, field }: FieldTarget, innerProduct: Callable): Callable {
  return module.func("", [I32, I32, I32, I32], [], (f) => {
    const [state, matrix, n, out] = [f.param(0), f.param(1), f.param(2), f.param(3)];
    const size = f.op("i32.mul", n, i32(PAIR));
    const at = f.variable(state);
    forPairs(f, n, 1, [at], () => {
      const swapped = field.swap(f, field.loadPair(f, at));
      field.storePair(f, f.op("i32.add", at, size), 0, swapped);
    });
    const terms = f.op("i32.shl", n, i32(1));
    const rowBytes = f.op("i32.shl", size, i32(1));
    forPairs(f, n, 1, [out], () => {
      f.call(innerProduct, out, state, matrix, terms);
      f.opTo(matrix, "i32.add", matrix, rowBytes);
    });
  });
}

const lane = (field: FieldCode, code: Code, x: Pair, keep: 0 | 1): Pair =>
  field.select(code, i32(1 << keep), x, field.swap(code, x));

/**
 * All partial rounds but the last matrix: state (x₀, u…) to (y, u…), through slots at `slots`: x₀, then
 * the sequence u, where each round appends one term.
 */
function partialKernel({ module, field }: FieldTarget, innerProduct: Callable): Callable {
  return module.func("", [I32, I32, I32, I32, I32, I32], [], (f) => {
    const [state, slots, c] = [f.param(0), f.param(1), f.param(2)];
    const [after, t, rounds] = [f.param(3), f.param(4), f.param(5)];
    toSlots(f, field, state, slots, t);
    const size = f.op("i32.mul", t, i32(PAIR));
    const window = f.variable(f.op("i32.add", slots, i32(PAIR)));
    const x = f.variable(slots); // where x₀ is in lane 0
    const appendPower = (at: Value): void => {
      const power = fifthPower(field, f, field.loadPair(f, x), field.loadPair(f, after));
      field.storePair(f, at, 0, lane(field, f, power, 0));
      f.opTo(after, "i32.add", after, i32(PAIR));
    };
    const scratch = f.op("i32.add", slots, f.op("i32.mul", f.op("i32.add", t, rounds), i32(PAIR)));
    f.repeat(f.op("i32.sub", rounds, i32(1)), () => {
      const end = f.op("i32.add", window, f.op("i32.sub", size, i32(PAIR)));
      appendPower(end);
      f.call(innerProduct, scratch, window, c, t);
      const both = field.loadPair(f, scratch); // (x₀, u)
      field.storePair(f, end, 0, lane(field, f, both, 1));
      f.assign(x, scratch);
      f.opTo(window, "i32.add", window, i32(PAIR));
    });
    const first = f.op("i32.sub", window, i32(PAIR)); // the oldest term is not needed any more
    appendPower(first);
    fromSlots(f, field, first, state, t);
  });
}

/** Elements of `state` to slots; the padding lane of an odd t gives a slot that is overwritten. */
function toSlots(f: FunctionBuilder, field: FieldCode, from: Local, to: Local, t: Value): void {
  const [src, dst] = [f.variable(from), f.variable(to)];
  forPairs(f, pairsOf(f, t), 1, [src, dst], () => {
    const x = field.loadPair(f, src);
    field.storePair(f, dst, 0, lane(field, f, x, 0));
    field.storePair(f, dst, PAIR, lane(field, f, x, 1));
    f.opTo(dst, "i32.add", dst, i32(PAIR));
  });
}

/** Slots to elements of `state`; beyond an odd t whatever follows, which matrices multiply by zero. */
function fromSlots(f: FunctionBuilder, field: FieldCode, from: Local, to: Local, t: Value): void {
  const [src, dst] = [f.variable(from), f.variable(to)];
  forPairs(f, pairsOf(f, t), 1, [src, dst], () => {
    const [low, high] = [field.loadPair(f, src), field.loadPair(f, src, PAIR)];
    field.storePair(f, dst, 0, field.select(f, i32(1), low, high));
    f.opTo(src, "i32.add", src, i32(PAIR));
  });
}

const pairsOf = (f: FunctionBuilder, t: Value): Local =>
  f.op("i32.shr_u", f.op("i32.add", t, i32(1)), i32(1));

/** state and scratch have room for 2n pairs, slots for t + rounds + 2. The result is in `state`. */
function permutation({ module, field }: FieldTarget, { sboxes, mix, partial }: Steps): void {
  module.func("permuteSingle", [I32, I32, I32, I32, I32, I32], [], (f) => {
    const [state, scratch, slots] = [f.param(0), f.param(1), f.param(2)];
    const [mds, t, rounds] = [f.param(3), f.param(4), f.param(5)];
    const n = pairsOf(f, t);
    const size = f.op("i32.mul", n, i32(PAIR));
    const matrixBytes = f.op("i32.mul", size, f.op("i32.shl", n, i32(1)));
    const enter = f.op("i32.add", mds, matrixBytes);
    const leave = f.op("i32.add", enter, matrixBytes);
    const recurrence = f.op("i32.add", leave, matrixBytes);
    const next = f.variable(f.op("i32.add", recurrence, f.op("i32.mul", t, i32(PAIR))));
    const at = f.variable(state);
    forPairs(f, n, 1, [at, next], () => {
      const sum = field.add(f, field.loadPair(f, at), field.loadPair(f, next));
      field.storePair(f, at, 0, field.normalize(f, sum));
    });
    const fullRound = (from: Local, to: Local, matrix: Local): void => {
      f.call(sboxes, from, next, n);
      f.opTo(next, "i32.add", next, size);
      f.call(mix, from, matrix, n, to);
    };
    const fullRounds = (last: Local): void => {
      const matrix = f.variable(mds);
      const pairsLeft = f.variable(i32(HALF_FULL_ROUNDS / 2));
      f.doWhile(() => {
        fullRound(state, scratch, mds);
        f.opTo(pairsLeft, "i32.sub", pairsLeft, i32(1));
        f.assign(matrix, f.select(pairsLeft, mds, last));
        fullRound(scratch, state, matrix);
        return pairsLeft;
      });
    };
    fullRounds(enter);
    f.call(partial, state, slots, recurrence, next, t, rounds);
    f.opTo(next, "i32.add", next, f.op("i32.mul", rounds, i32(PAIR)));
    f.call(mix, state, leave, n, scratch);
    copyPairs(f, field, scratch, state, n);
    fullRounds(mds);
  });
}

function copyPairs(f: FunctionBuilder, field: FieldCode, from: Local, to: Local, n: Value): void {
  const [src, dst] = [f.variable(from), f.variable(to)];
  forPairs(f, n, 1, [src, dst], () => field.storePair(f, dst, 0, field.loadPair(f, src)));
}
