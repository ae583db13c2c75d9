import { PAIR, MAX_PRODUCTS } from "./backend.ts";
import { i32 } from "./emitter.ts";
import type { FieldTarget } from "./field-module.ts";
import { forPairs } from "./loops.ts";
import { I32 } from "./opcodes.ts";

export function sumcheckKernels(target: FieldTarget): void {
  bindTop(target);
  quadraticRound(target);
}

function bindTop({ module, field, backend }: FieldTarget): void {
  module.func("bindTop", [I32, I32, I32, I32, I32], [], (f) => {
    const [dst, low, high, r] = [f.param(0), f.param(1), f.param(2), f.param(3)];
    forPairs(f, f.param(4), backend.streams, [dst, low, high], (code, at) => {
      const plus = field.loadPair(code, low, at);
      const difference = field.sub(code, field.loadPair(code, high, at), plus);
      const bound = field.mul(code, difference, field.loadPair(code, r), { plus });
      field.storePair(code, dst, at, bound);
    });
  });
}

/** Sums unreduced products w·q over runs of MAX_PRODUCTS pairs. */
function quadraticRound({ module, field }: FieldTarget): void {
  module.func("quadraticRound", [I32, I32, I32, I32, I32, I32, I32], [], (f) => {
    const [dst, a, b, c, w] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
    const [half, left] = [f.param(5), f.param(6)];
    const sums = [0, 1, 2].map(() => field.accumulator(f));
    for (const k of [0, 1, 2]) field.storePair(f, dst, PAIR * k, field.zero(f));
    const oneStep = (): void => {
      const upper = (p: typeof a) => field.loadPair(f, f.op("i32.add", p, half));
      const [a0, b0, a1, b1] = [field.loadPair(f, a), field.loadPair(f, b), upper(a), upper(b)];
      const weight = field.loadPair(f, w);
      const values = [
        field.mul(f, a0, b0, { minus: field.loadPair(f, c) }),
        field.mul(f, a1, b1, { minus: upper(c) }),
        field.mul(f, field.sub(f, a1, a0), field.sub(f, b1, b0)),
      ];
      values.forEach((q, k) => sums[k]!.addProduct(f, weight, q));
      for (const p of [a, b, c, w]) f.opTo(p, "i32.add", p, i32(PAIR));
    };
    f.while(
      () => left,
      () => {
        const short = f.op("i32.lt_u", left, i32(MAX_PRODUCTS));
        const chunk = f.variable(f.select(short, left, i32(MAX_PRODUCTS)));
        for (const sum of sums) sum.start(f, chunk);
        f.repeat(chunk, oneStep);
        sums.forEach((sum, k) => {
          const total = sum.reduce(f, field.loadPair(f, dst, PAIR * k));
          field.storePair(f, dst, PAIR * k, total);
        });
        f.opTo(left, "i32.sub", left, chunk);
      },
    );
  });
}
