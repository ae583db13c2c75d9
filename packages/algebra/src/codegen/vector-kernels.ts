import { ELEMENT, MAX_PRODUCTS, PAIR, type Pair } from "./backend.ts";
import { type Code, type FunctionBuilder, type Local, i32 } from "./emitter.ts";
import type { FieldTarget } from "./field-module.ts";
import { forPairs } from "./loops.ts";
import { I32 } from "./opcodes.ts";

export function vectorKernels(target: FieldTarget): void {
  elementwise(target);
  scaling(target);
  innerProduct(target);
  copyElements(target);
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

/** min(left, MAX_PRODUCTS) */
export function chunkOf(f: FunctionBuilder, left: Local): Local {
  return f.select(f.op("i32.lt_u", left, i32(MAX_PRODUCTS)), left, i32(MAX_PRODUCTS));
}

function innerProduct({ module, field }: FieldTarget): void {
  module.func("innerProduct", [I32, I32, I32, I32], [], (f) => {
    const [dst, a, b, left] = [f.param(0), f.param(1), f.param(2), f.param(3)];
    const sum = field.accumulator(f);
    const total = field.zero(f).map((value) => f.variable(value));
    f.while(
      () => left,
      () => {
        const chunk = f.variable(chunkOf(f, left));
        sum.start(f, chunk);
        f.repeat(chunk, () => {
          sum.addProduct(f, field.loadPair(f, a), field.loadPair(f, b));
          f.opTo(a, "i32.add", a, i32(PAIR));
          f.opTo(b, "i32.add", b, i32(PAIR));
        });
        sum.reduce(f, total).forEach((value, i) => f.assign(total[i]!, value));
        f.opTo(left, "i32.sub", left, chunk);
      },
    );
    field.storePair(f, dst, 0, total);
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
