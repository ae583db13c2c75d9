import { ELEMENT, PAIR } from "./backend.ts";
import { type Callable, type FunctionBuilder, type Local, type Value, i32 } from "./emitter.ts";
import type { FieldTarget } from "./field-module.ts";
import { forPairs } from "./loops.ts";
import { I32 } from "./opcodes.ts";
import { HALF_FULL_ROUNDS, fifthPower } from "./poseidon-single.ts";
import { STATIC } from "./static.ts";
import { chunks } from "./vector-kernels.ts";

// Poseidon of many states for throughput (rounds: see wasm/poseidon-constants.ts): *row* k of a state
// is `group` pairs, pair j holding element k of states 2j and 2j+1.
//
// Constants are single elements, the same for all states:
//   mds | enter | leave    t rows of t
//   head t · feedback t
//   in order of use        initial t · 4 × after t · rounds × after 1 · 4 × after t

/** A row of zeros: the null area, enough for groups of 12. */
const ZEROS = i32(STATIC.null.base);

interface Steps {
  readonly addConstant: Callable;
  readonly sbox: Callable;
  readonly dot: Callable;
}

export function poseidonBatch(target: FieldTarget): void {
  permutation(target, {
    addConstant: addConstantKernel(target),
    sbox: sboxKernel(target),
    dot: dotKernel(target),
  });
}

/** x[j] += c */
function addConstantKernel({ module, field }: FieldTarget): Callable {
  return module.func("", [I32, I32, I32], [], (f) => {
    const [x, c] = [f.param(0), f.param(1)];
    forPairs(f, f.param(2), 1, [x], () => {
      const sum = field.add(f, field.loadPair(f, x), field.loadBroadcast(f, c));
      field.storePair(f, x, 0, field.normalize(f, sum));
    });
  });
}

/** out[j] = x[j]⁵ + c */
function sboxKernel({ module, field, backend }: FieldTarget): Callable {
  return module.func("", [I32, I32, I32, I32], [], (f) => {
    const [out, x, c] = [f.param(0), f.param(1), f.param(2)];
    forPairs(f, f.param(3), backend.streams, [out, x], (code, at) => {
      const plus = field.loadBroadcast(code, c);
      const power = fifthPower(field, code, field.loadPair(code, x, at), plus);
      field.storePair(code, out, at, power);
    });
  });
}

/** out[j] = plus[j] + Σ row[k]·state[k·group + j], k < terms */
function dotKernel({ module, field }: FieldTarget): Callable {
  return module.func("", [I32, I32, I32, I32, I32, I32], [], (f) => {
    const [out, plus, state, row] = [f.param(0), f.param(1), f.param(2), f.param(3)];
    const [terms, group] = [f.param(4), f.param(5)];
    const stride = f.op("i32.mul", group, i32(PAIR));
    const sum = field.accumulator(f);
    const total = field.zero(f).map((value) => f.variable(value));
    forPairs(f, group, 1, [out, plus, state], () => {
      const at = f.variable(state);
      const k = f.variable(row);
      field.loadPair(f, plus).forEach((value, i) => f.assign(total[i]!, value));
      chunks(f, field, sum, f.variable(terms), total, () => {
        sum.addProduct(f, field.loadPair(f, at), field.loadBroadcast(f, k));
        f.opTo(at, "i32.add", at, stride);
        f.opTo(k, "i32.add", k, i32(ELEMENT));
      });
      field.storePair(f, out, 0, total);
    });
  });
}

/**
 * state and scratch have t rows; `window` has t + rounds + 1: x₀, then the sequence u, where each
 * partial round appends a term. The result is in `state`.
 */
function permutation({ module }: FieldTarget, steps: Steps): void {
  module.func("permuteBatch", [I32, I32, I32, I32, I32, I32, I32], [], (f) => {
    const [state, scratch, window] = [f.param(0), f.param(1), f.param(2)];
    const [mds, t, rounds, group] = [f.param(3), f.param(4), f.param(5), f.param(6)];
    const row = f.op("i32.mul", group, i32(PAIR));
    const vector = f.op("i32.mul", t, i32(ELEMENT));
    const after = (base: Value, bytes: Value): Local => f.op("i32.add", base, bytes);
    const matrix = f.op("i32.mul", t, vector);
    const enter = after(mds, matrix);
    const leave = after(enter, matrix);
    const head = after(leave, matrix);
    const feedback = after(head, vector);
    const next = f.variable(after(feedback, vector));
    const advance = (pointer: Local, bytes: Value): void =>
      f.opTo(pointer, "i32.add", pointer, bytes);

    const eachRow = (start: Local, body: (x: Local) => void): void => {
      const x = f.variable(start);
      f.repeat(t, () => {
        body(x);
        advance(x, row);
        advance(next, i32(ELEMENT));
      });
    };
    const mix = (from: Local, to: Local, m: Local): void => {
      const [out, k] = [f.variable(to), f.variable(m)];
      f.repeat(t, () => {
        f.call(steps.dot, out, ZEROS, from, k, t, group);
        advance(out, row);
        advance(k, vector);
      });
    };
    const fullRound = (from: Local, to: Local, m: Local): void => {
      eachRow(from, (x) => f.call(steps.sbox, x, x, next, group));
      mix(from, to, m);
    };

    eachRow(state, (x) => f.call(steps.addConstant, x, next, group));
    const [from, to] = [f.variable(state), f.variable(scratch)];
    const fullRounds = (): void =>
      f.repeat(i32(HALF_FULL_ROUNDS - 1), () => {
        fullRound(from, to, mds);
        exchange(f, from, to);
      });
    fullRounds();
    fullRound(from, window, enter);
    const at = f.variable(after(window, row));
    const x = f.variable(window);
    const power = (out: Local): void => {
      f.call(steps.sbox, out, x, next, group);
      advance(next, i32(ELEMENT));
    };
    f.assign(x, window);
    const history = f.op("i32.sub", t, i32(1));
    const rest = f.op("i32.mul", history, row);
    f.repeat(f.op("i32.sub", rounds, i32(1)), () => {
      const end = after(at, rest);
      power(end);
      f.call(steps.dot, scratch, ZEROS, at, head, t, group);
      f.call(steps.dot, end, end, at, feedback, history, group); // its factor of y is 1
      f.assign(x, scratch);
      advance(at, row);
    });
    const first = f.op("i32.sub", at, row); // the oldest term is not needed any more
    power(first);
    mix(first, state, leave);
    f.assign(from, state);
    f.assign(to, scratch);
    fullRounds();
    fullRound(scratch, state, mds); // after three rounds `from` is scratch
  });
}

function exchange(f: FunctionBuilder, a: Local, b: Local): void {
  const old = f.variable(a);
  f.assign(a, b);
  f.assign(b, old);
}
