import type { Curve } from "../curve.ts";
import { assert } from "../errors.ts";
import { endomorphism, somePoint, splitConstants } from "./glv.ts";
import type { Backend } from "./backend.ts";
import { bytes64, i32 } from "./emitter.ts";
import { inverse, unsignedLimbs } from "./integers.ts";
import { I32 } from "./opcodes.ts";
import type { PointTarget } from "./point-module.ts";

const LIMBS = 9;
const WIDTH = 30;

/** The block that assembly/constants.ts describes; `constants()` tells its address. */
export function curveConstants({ module, pool, backend, curve }: PointTarget): void {
  const p = curve.base.modulus;
  const modulus = unsignedLimbs(p, WIDTH, LIMBS).flatMap((limb) => bytes64(limb));
  const negInverse = bytes64(inverse(-p, 1n << BigInt(WIDTH)));
  const glv = splitConstants(curve, endomorphism(curve)).flatMap((x) => [
    ...bytes64(x),
    ...bytes64(x >> 64n),
  ]);
  const block = pool.block(
    Uint8Array.from([...modulus, ...negInverse, ...glv, ...fillers(backend, curve)]),
  );
  module.func("constants", [], [I32], (f) => f.return(i32(block)));
}

/** Two points, working, then packed. */
function fillers(backend: Backend, curve: Curve): number[] {
  const point = somePoint(curve);
  const double = curve.add(point, point);
  assert(double !== null && double[0] !== point[0], "fillers must differ in x");
  const p = curve.base.modulus;
  const coordinates = [...point, ...double].map((x) => x * backend.R);
  return [
    ...coordinates.flatMap((x) => [...backend.encodeInteger(x, p)]),
    ...coordinates.flatMap((x) => [...backend.pack(x, p)]),
  ];
}
