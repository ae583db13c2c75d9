import { PACKED } from "./backend.ts";
import { type Code, type Local, type Value, i32 } from "./emitter.ts";
import { I32 } from "./opcodes.ts";
import { address } from "./point-gather.ts";
import { PACKED_POINT, POINT } from "./point-layout.ts";
import type { PointTarget } from "./point-module.ts";

const INTEGER = 32;
const plus = (code: Code, a: Value, n: number): Local => code.op("i32.add", a, i32(n));
/** Lane 1, the ordinate, where the entry asks for the negative. */
const ordinateSign = (code: Code, entry: Value): Local =>
  code.op("i32.shl", code.op("i32.and", entry, i32(1)), i32(1));

/** Copies and changes of form of single points, lanes (x, y); the endomorphism. */
export function copyKernels({ module, field, backend, constant }: PointTarget, beta: bigint): void {
  module.func("copyPoint", [I32, I32], [], (f) => {
    const [to, entry] = [f.param(0), f.param(1)];
    const from = address(f, entry);
    const point = field.loadElements(f, from, plus(f, from, POINT / 2));
    const signed = field.negateIf(f, ordinateSign(f, entry), point);
    field.storeElements(f, to, plus(f, to, POINT / 2), 0, signed);
  });

  module.func("unpackPoint", [I32, I32], [], (f) => {
    const [to, entry] = [f.param(0), f.param(1)];
    const from = address(f, entry);
    const point = field.loadPacked(f, from, plus(f, from, PACKED));
    const signed = field.negateIf(f, ordinateSign(f, entry), point);
    field.storeElements(f, to, plus(f, to, POINT / 2), 0, signed);
  });

  module.func("packPoint", [I32, I32], [], (f) => {
    const [to, from] = [f.param(0), f.param(1)];
    const point = field.loadElements(f, from, plus(f, from, POINT / 2));
    field.storePacked(f, to, plus(f, to, PACKED), 0, point);
  });

  const square = constant(backend.R);
  module.func("packBases", [I32, I32, I32], [I32], (f) => {
    const [to, from] = [f.param(0), f.param(1)];
    const anyBad = f.variable(i32(0));
    f.repeat(f.param(2), () => {
      const [x, bad] = field.loadIntegers(f, from, plus(f, from, INTEGER));
      f.opTo(anyBad, "i32.or", anyBad, bad);
      const point = field.mul(f, x, field.loadPair(f, i32(square)));
      field.storePacked(f, to, plus(f, to, PACKED), 0, point);
      f.opTo(to, "i32.add", to, i32(PACKED_POINT));
      f.opTo(from, "i32.add", from, i32(2 * INTEGER));
    });
    f.return(anyBad);
  });

  const rotation = constant(beta);
  module.func("endomorphism", [I32, I32], [], (f) => {
    const a = f.param(0);
    const pairs = f.op("i32.shr_u", plus(f, f.param(1), 1), i32(1));
    f.repeat(pairs, () => {
      const b = plus(f, a, POINT);
      const x = field.mul(f, field.loadElements(f, a, b), field.loadPair(f, i32(rotation)));
      field.storeElements(f, a, b, 0, x);
      f.opTo(a, "i32.add", a, i32(2 * POINT));
    });
  });
}
