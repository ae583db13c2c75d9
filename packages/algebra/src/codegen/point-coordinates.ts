import { PAIR, type Pair } from "./backend.ts";
import { type Callable, type Code, i32 } from "./emitter.ts";
import { I32 } from "./opcodes.ts";
import { POINT } from "./point-layout.ts";
import type { PointTarget } from "./point-module.ts";

/**
 * Field operations on single elements for the control code, where speed does not matter: an element is
 * a pair with equal lanes.
 */
export function coordinateKernels(target: PointTarget, multiply: Callable): void {
  forms(target);
  arithmetic(target, multiply);
  residues(target, multiply);
}

/** to ← x·y on pairs in memory, for where code size matters more than speed; exported as feMul. */
export function multiplyKernel({ module, field }: PointTarget): Callable {
  return module.func("feMul", [I32, I32, I32], [], (f) => {
    const [x, y] = [field.loadPair(f, f.param(1)), field.loadPair(f, f.param(2))];
    field.storePair(f, f.param(0), 0, field.mul(f, x, y));
  });
}

function forms({ module, field, constant }: PointTarget): void {
  module.func("expandPoint", [I32, I32], [], (f) => {
    const [to, point] = [f.param(0), f.param(1)];
    field.storePair(f, to, 0, field.loadBroadcast(f, point));
    field.storePair(f, to, PAIR, field.loadBroadcast(f, point, POINT / 2));
  });
  module.func("contractPoint", [I32, I32], [], (f) => {
    const [to, elements] = [f.param(0), f.param(1)];
    field.storeElements(f, to, to, 0, field.loadPair(f, elements));
    field.storeElements(f, to, to, POINT / 2, field.loadPair(f, elements, PAIR));
  });
  const one = constant(1n);
  module.func("feOne", [I32], [], (f) =>
    field.storePair(f, f.param(0), 0, field.loadPair(f, i32(one))),
  );
}

function arithmetic({ module, field, curve, constant }: PointTarget, multiply: Callable): void {
  const binary = (name: string, operation: (code: Code, x: Pair, y: Pair) => Pair): void => {
    module.func(name, [I32, I32, I32], [], (f) => {
      const [x, y] = [field.loadPair(f, f.param(1)), field.loadPair(f, f.param(2))];
      field.storePair(f, f.param(0), 0, operation(f, x, y));
    });
  };
  binary("feAdd", (code, x, y) => field.normalize(code, field.add(code, x, y)));
  binary("feSub", (code, x, y) => field.normalize(code, field.sub(code, x, y)));
  const b3 = constant(3n * curve.b);
  module.func("feMul3b", [I32, I32], [], (f) => {
    f.call(multiply, f.param(0), f.param(1), i32(b3));
  });
  module.func("feIsZero", [I32], [I32], (f) => {
    const lanes = field.zeroLanes(f, field.loadPair(f, f.param(0)));
    f.return(f.op("i32.and", lanes, i32(1)));
  });
}

function residues(
  { module, field, curve, backend, pool, constant }: PointTarget,
  multiply: Callable,
): void {
  module.func("feToResidue", [I32, I32], [], (f) => {
    const words = f.param(0);
    field.storeCanonical(f, words, words, field.loadPair(f, f.param(1)));
  });
  const cube = constant(backend.R * backend.R);
  module.func("feFromInverseResidue", [I32, I32], [], (f) => {
    const [to, words] = [f.param(0), f.param(1)];
    const [x] = field.loadIntegers(f, words, words);
    field.storePair(f, to, 0, x);
    f.call(multiply, to, to, i32(cube));
  });
  const one = backend.encodeInteger(1n, curve.base.modulus);
  const unit = pool.block(backend.pair(one, one));
  module.func("feToWords", [I32, I32], [], (f) => {
    const words = f.param(0);
    const x = field.mul(f, field.loadPair(f, f.param(1)), field.loadPair(f, i32(unit)));
    field.storeCanonical(f, words, words, x);
  });
}
