import type { FieldCode, Pair } from "./backend.ts";
import { type FunctionBuilder, type Local, i32 } from "./emitter.ts";
import type { FieldTarget } from "./field-module.ts";
import { I32 } from "./opcodes.ts";
import { chunks } from "./vector-kernels.ts";

// A matrix is a program over two rows at a time (one a lane), written by wasm/sparse-program.ts:
//   row pair   u32 units, u32 products, u32 out of lane 0, u32 out of lane 1
//   unit       u32 z of lane 0, u32 z of lane 1         a coefficient ±1
//   product    u32 z₀, u32 z₁, u32 coefficient₀, u32 coefficient₁
// z and out are byte offsets of elements in their vectors (see FieldCode.elementAddress), coefficients
// addresses of elements in element layout. The low bits of a unit's z are flags.

export const ROW_HEADER = 16;
export const UNIT_BYTES = 8;
export const PRODUCT_BYTES = 16;
/** Flags in the low bits of a unit's z: element offsets are multiples of 8. */
export const UNIT_NEGATIVE = 1;
export const UNIT_ABSENT = 2;
/** A normalised total and this many units are summed before normalising. */
const UNITS_AT_ONCE = 3;

export function sparseKernels({ module, field }: FieldTarget): void {
  module.func("multiplySparse", [I32, I32, I32, I32], [], (f) => {
    const [at, z, out] = [f.param(0), f.param(1), f.param(2)];
    const sum = field.accumulator(f);
    const total = field.zero(f).map((value) => f.variable(value));
    const assignTotal = (x: Pair): void => x.forEach((value, i) => f.assign(total[i]!, value));
    f.repeat(f.param(3), () => {
      const units = f.variable(f.load("i32.load", at));
      const products = f.variable(f.load("i32.load", at, 4));
      const [out0, out1] = [8, 12].map((o) => f.op("i32.add", out, f.load("i32.load", at, o)));
      f.opTo(at, "i32.add", at, i32(ROW_HEADER));
      assignTotal(field.zero(f));
      addUnits(f, field, at, z, units, total);
      chunks(f, field, sum, products, total, () => {
        const [z0, z1] = [0, 4].map((o) => f.op("i32.add", z, f.load("i32.load", at, o)));
        const [k0, k1] = [8, 12].map((o) => f.load("i32.load", at, o));
        sum.addProduct(f, field.loadElements(f, k0!, k1!), field.loadLanes(f, z0!, z1!));
        f.opTo(at, "i32.add", at, i32(PRODUCT_BYTES));
      });
      field.storeLanes(f, out0!, out1!, total);
    });
  });
}

/** total ← normalised sum of `units` elements with signs, UNITS_AT_ONCE at a time. */
function addUnits(
  f: FunctionBuilder,
  field: FieldCode,
  at: Local,
  z: Local,
  units: Local,
  total: readonly Local[],
): void {
  const oneUnit = (): void => {
    const words = [0, 4].map((o) => f.load("i32.load", at, o));
    const [z0, z1] = words.map((w) => f.op("i32.add", z, f.op("i32.and", w, i32(-8))));
    const negative = lanesOf(f, words, UNIT_NEGATIVE);
    const absent = lanesOf(f, words, UNIT_ABSENT);
    const signed = field.negateIf(f, negative, field.loadLanes(f, z0!, z1!));
    const x = field.select(f, absent, field.zero(f), signed);
    field.add(f, total, x).forEach((value, i) => f.assign(total[i]!, value));
    f.opTo(at, "i32.add", at, i32(UNIT_BYTES));
  };
  f.while(
    () => units,
    () => {
      const short = f.op("i32.lt_u", units, i32(UNITS_AT_ONCE));
      const chunk = f.variable(f.select(short, units, i32(UNITS_AT_ONCE)));
      f.repeat(chunk, oneUnit);
      field.normalize(f, total).forEach((value, i) => f.assign(total[i]!, value));
      f.opTo(units, "i32.sub", units, chunk);
    },
  );
}

/** Bit n: word n has `flag`. */
function lanesOf(f: FunctionBuilder, words: readonly Local[], flag: number): Local {
  const [bit0, bit1] = words.map((w) =>
    f.op("i32.and", f.op("i32.shr_u", w, i32(Math.log2(flag))), i32(1)),
  );
  return f.op("i32.or", bit0!, f.op("i32.shl", bit1!, i32(1)));
}
