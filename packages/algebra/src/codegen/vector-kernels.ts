import {
  type Accumulator,
  ELEMENT,
  type FieldCode,
  MAX_PRODUCTS,
  PAIR,
  type Pair,
} from "./backend.ts";
import { type Callable, type Code, type FunctionBuilder, type Local, i32 } from "./emitter.ts";
import type { FieldTarget } from "./field-module.ts";
import { forPairs } from "./loops.ts";
import { I32 } from "./opcodes.ts";

/** @returns the kernels that others call */
export function vectorKernels(target: FieldTarget): { readonly innerProduct: Callable } {
  elementwise(target);
  scaling(target);
  linear(target);
  zeros(target);
  copyElements(target);
  return { innerProduct: innerProduct(target) };
}

type Binary = (code: Code, a: Pair, b: Pair) => Pair;

function elementwise({ module, field, backend }: FieldTarget): void {
  const binary = (name: string, operation: Binary): void => {
    module.func(name, [I32, I32, I32, I32], [], (f) => {
      const [dst, a, b] = [f.param(0), f.param(1), f.param(2)];
      forPairs(f, f.param(3), backend.streams, [dst, a, b], (code, at) => {
        const result = operation(code, field.loadPair(code, a, at), field.loadPair(code, b, at));
        field.storePair(code, dst, at, result);
      });
    });
  };
  binary("mul", (code, a, b) => field.mul(code, a, b));
  binary("add", (code, a, b) => field.normalize(code, field.add(code, a, b)));
  binary("sub", (code, a, b) => field.normalize(code, field.sub(code, a, b)));
  module.func("sqr", [I32, I32, I32], [], (f) => {
    const [dst, a] = [f.param(0), f.param(1)];
    forPairs(f, f.param(2), backend.streams, [dst, a], (code, at) =>
      field.storePair(code, dst, at, field.sqr(code, field.loadPair(code, a, at))),
    );
  });
}

function scaling({ module, field, backend }: FieldTarget): void {
  module.func("scale", [I32, I32, I32, I32], [], (f) => {
    const [dst, a, k] = [f.param(0), f.param(1), f.param(2)];
    forPairs(f, f.param(3), backend.streams, [dst, a], (code, at) => {
      const product = field.mul(code, field.loadPair(code, a, at), field.loadPair(code, k));
      field.storePair(code, dst, at, product);
    });
  });
  module.func("scaleAdd", [I32, I32, I32, I32, I32], [], (f) => {
    const [dst, a, k, b] = [f.param(0), f.param(1), f.param(2), f.param(3)];
    forPairs(f, f.param(4), backend.streams, [dst, a, b], (code, at) => {
      const plus = field.loadPair(code, b, at);
      const x = field.loadPair(code, a, at);
      field.storePair(code, dst, at, field.mul(code, x, field.loadPair(code, k), { plus }));
    });
  });
}

/**
 * total += Σ of `left` products, in chunks the accumulator can hold; left ends at 0. `addProduct` is
 * emitted once and runs once a product.
 */
export function chunks(
  f: FunctionBuilder,
  field: FieldCode,
  sum: Accumulator,
  left: Local,
  total: readonly Local[],
  addProduct: () => void,
): void {
  const chunk = f.local(I32);
  f.while(
    () => left,
    () => {
      const short = f.op("i32.lt_u", left, i32(MAX_PRODUCTS));
      f.assign(chunk, f.select(short, left, i32(MAX_PRODUCTS)));
      sum.start(f, chunk);
      f.repeat(chunk, addProduct);
      sum.reduce(f, total).forEach((value, i) => f.assign(total[i]!, value));
      f.opTo(left, "i32.sub", left, chunk);
    },
  );
}

function innerProduct({ module, field }: FieldTarget): Callable {
  return module.func("innerProduct", [I32, I32, I32, I32], [], (f) => {
    const [dst, a, b, left] = [f.param(0), f.param(1), f.param(2), f.param(3)];
    const sum = field.accumulator(f);
    const total = field.zero(f).map((value) => f.variable(value));
    chunks(f, field, sum, left, total, () => {
      sum.addProduct(f, field.loadPair(f, a), field.loadPair(f, b));
      f.opTo(a, "i32.add", a, i32(PAIR));
      f.opTo(b, "i32.add", b, i32(PAIR));
    });
    field.storePair(f, dst, 0, total);
  });
}

/** terms: `count` times (u32 address of a pair k, u32 address of a vector v); dst[i] = Σ k·v[i]. */
function linear({ module, field }: FieldTarget): void {
  module.func("linear", [I32, I32, I32, I32], [], (f) => {
    const [dst, terms, count] = [f.param(0), f.param(1), f.param(2)];
    const sum = field.accumulator(f);
    const total = field.zero(f).map((value) => f.variable(value));
    const offset = f.local(I32);
    f.repeat(f.param(3), () => {
      const term = f.variable(terms);
      const left = f.variable(count);
      field.zero(f).forEach((value, i) => f.assign(total[i]!, value));
      chunks(f, field, sum, left, total, () => {
        const v = f.op("i32.add", f.load("i32.load", term, 4), offset);
        sum.addProduct(f, field.loadPair(f, f.load("i32.load", term)), field.loadPair(f, v));
        f.opTo(term, "i32.add", term, i32(8));
      });
      field.storePair(f, f.op("i32.add", dst, offset), 0, total);
      f.opTo(offset, "i32.add", offset, i32(PAIR));
    });
  });
}

/** Kernels that ask which elements are zero. */
function zeros({ module, field, backend, modulus, pool }: FieldTarget): void {
  const element = backend.encodeInteger(backend.R, modulus);
  const one = pool.block(backend.pair(element, element));
  module.func("isZero", [I32, I32], [I32], (f) => {
    const src = f.param(0);
    const zero = f.variable(i32(3));
    forPairs(f, f.param(1), 1, [src], () =>
      f.opTo(zero, "i32.and", zero, field.zeroLanes(f, field.loadPair(f, src))),
    );
    f.return(f.op("i32.eq", zero, i32(3)));
  });
  module.func("oneWhereZero", [I32, I32, I32], [], (f) => {
    const [dst, src] = [f.param(0), f.param(1)];
    forPairs(f, f.param(2), 1, [dst, src], () => {
      const x = field.loadPair(f, src);
      const fixed = field.select(f, field.zeroLanes(f, x), field.loadPair(f, i32(one)), x);
      field.storePair(f, dst, 0, fixed);
    });
  });
  module.func("zeroWhereZero", [I32, I32, I32], [], (f) => {
    const [dst, mask] = [f.param(0), f.param(1)];
    forPairs(f, f.param(2), 1, [dst, mask], () => {
      const lanes = field.zeroLanes(f, field.loadPair(f, mask));
      const x = field.loadPair(f, dst);
      field.storePair(f, dst, 0, field.select(f, lanes, field.zero(f), x));
    });
  });
}

function copyElements({ module, field, backend }: FieldTarget): void {
  const words = ELEMENT / 8;
  const stride = backend.name === "fma51" ? 16 : 8;
  module.func("copyElements", [I32, I32, I32, I32, I32], [], (f) => {
    const [dst, di, src, si] = [f.param(0), f.param(1), f.param(2), f.param(3)];
    f.repeat(f.param(4), () => {
      const from = field.elementAddress(f, src, si);
      const to = field.elementAddress(f, dst, di);
      for (let i = 0; i < words; i++) {
        f.store("i64.store", to, stride * i, f.load("i64.load", from, stride * i));
      }
      f.opTo(si, "i32.add", si, i32(1));
      f.opTo(di, "i32.add", di, i32(1));
    });
  });
}
