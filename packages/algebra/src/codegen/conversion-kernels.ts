import { PAIR } from "./backend.ts";
import { i32 } from "./emitter.ts";
import type { FieldTarget } from "./field-module.ts";
import { I32 } from "./opcodes.ts";

const INTEGER = 32;

/** Vectors to and from canonical 32-byte integers. */
export function conversionKernels({ module, field, backend, modulus, pool }: FieldTarget): void {
  const constant = (x: bigint): number => {
    const element = backend.encodeInteger(x, modulus);
    return pool.block(backend.pair(element, element));
  };
  const one = constant(1n);
  const square = constant((backend.R * backend.R) % modulus);
  module.func("toIntegers", [I32, I32, I32], [], (f) => {
    const [dst, src] = [f.param(0), f.param(1)];
    f.repeat(f.param(2), () => {
      const x = field.mul(f, field.loadPair(f, src), field.loadPair(f, i32(one)));
      field.storeCanonical(f, dst, f.op("i32.add", dst, i32(INTEGER)), x);
      f.opTo(dst, "i32.add", dst, i32(2 * INTEGER));
      f.opTo(src, "i32.add", src, i32(PAIR));
    });
  });
  module.func("fromIntegers", [I32, I32, I32], [I32], (f) => {
    const [dst, src] = [f.param(0), f.param(1)];
    const anyBad = f.variable(i32(0));
    f.repeat(f.param(2), () => {
      const [x, bad] = field.loadIntegers(f, src, f.op("i32.add", src, i32(INTEGER)));
      f.opTo(anyBad, "i32.or", anyBad, bad);
      field.storePair(f, dst, 0, field.mul(f, x, field.loadPair(f, i32(square))));
      f.opTo(dst, "i32.add", dst, i32(PAIR));
      f.opTo(src, "i32.add", src, i32(2 * INTEGER));
    });
    f.return(anyBad);
  });
}
