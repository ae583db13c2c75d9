import {
  type Accumulator,
  type Addends,
  type FieldCode,
  MAX_PRODUCTS,
  type Pair,
} from "./backend.ts";
import type { ConstantPool } from "./constants.ts";
import {
  type Code,
  type FunctionBuilder,
  type Local,
  type Value,
  bytes64,
  i32,
} from "./emitter.ts";
import { loadIntegers, loadPacked, storeCanonical, storePacked } from "./fma51-convert.ts";
import {
  FMA51_COLUMNS,
  FMA51_LIMBS,
  type Fma51Modulus,
  Fma51Multiplier,
  HIGH_BIAS,
  LOW_BIAS,
  fma51Modulus,
  productTerms,
} from "./fma51-multiply.ts";
import { doubleBits, range } from "./integers.ts";
import { V128 } from "./opcodes.ts";

/** Byte shuffles of two vectors' 64-bit lanes. */
export const LOW_LANES: readonly number[] = [...range(8), ...range(8).map((i) => 16 + i)];
export const HIGH_LANES: readonly number[] = LOW_LANES.map((i) => i + 8);
const SWAPPED = [...range(8).map((i) => 8 + i), ...range(8)];

const LANE_BITS = [0, 1, 2, 3];

/** Four v128 whose lanes hold `bits` where the index has bit 0, 1 set. */
const laneTable = (pool: ConstantPool, bits: bigint): number =>
  pool.block(
    Uint8Array.from(
      LANE_BITS.flatMap((n) => [...bytes64(n & 1 ? bits : 0n), ...bytes64(n & 2 ? bits : 0n)]),
    ),
  );

export function fma51Field(p: bigint, pool: ConstantPool): FieldCode {
  const modulus = fma51Modulus(p);
  const signs = laneTable(pool, 1n << 63n);
  const masks = laneTable(pool, -1n);
  const multiplier = (code: Code): Fma51Multiplier => new Fma51Multiplier(code, pool, modulus);
  const atLanes = (code: Code, table: number, lanes: Value): Local =>
    code.load("v128.load", code.op("i32.shl", lanes, i32(4)), table);
  return {
    ...memoryAccess,
    ...lazyArithmetic,
    mul: (code, a, b, { plus, minus }: Addends = {}) => {
      const m = multiplier(code);
      return m.reduce(m.product(a, b), plus, minus);
    },
    sqr: (code, a, { plus, minus }: Addends = {}) => {
      const m = multiplier(code);
      return m.reduce(m.square(a), plus, minus);
    },
    normalize: (code, a) => normalize(code, pool, modulus, a),
    negateIf: (code, lanes, a) => {
      const sign = atLanes(code, signs, lanes);
      return a.map((limb) => code.op("v128.xor", limb, sign));
    },
    select: (code, lanes, a, b) => {
      const mask = atLanes(code, masks, lanes);
      return a.map((limb, i) => code.op("v128.bitselect", limb, b[i]!, mask));
    },
    zeroLanes: (code, a) => zeroLanes(code, pool, a),
    zero: (code) => range(FMA51_LIMBS).map(() => pool.load(code, 0n)),
    accumulator: (f) => fma51Accumulator(f, pool, modulus),
    loadPacked: (code, a, b, offset = 0) => loadPacked(code, pool, a, b, offset),
    storePacked: (code, a, b, offset, x) => storePacked(code, pool, a, b, offset, x),
    storeCanonical: (code, a, b, x) => storeCanonical(code, pool, p, a, b, x),
    loadIntegers: (code, a, b) => loadIntegers(code, pool, p, a, b),
  };
}

const lanesOf = (code: Code, a: Local, b: Local): [Local, Local] => [
  code.shuffle(a, b, LOW_LANES),
  code.shuffle(a, b, HIGH_LANES),
];

const memoryAccess = {
  loadPair: (code: Code, address: Value, offset = 0): Pair =>
    range(FMA51_LIMBS).map((i) => code.load("v128.load", address, offset + 16 * i)),

  storePair(code: Code, address: Value, offset: number, x: Pair): void {
    x.forEach((limb, i) => code.store("v128.store", address, offset + 16 * i, limb));
  },

  loadElements(code: Code, a: Value, b: Value, offset = 0): Pair {
    const pairs = [0, 16].flatMap((at) =>
      lanesOf(code, code.load("v128.load", a, offset + at), code.load("v128.load", b, offset + at)),
    );
    const top = code.load("v128.load64_zero", a, offset + 32);
    return [...pairs, code.loadLane(top, 1, b, offset + 32)];
  },

  storeElements(code: Code, a: Value, b: Value, offset: number, x: Pair): void {
    for (const i of [0, 1]) {
      const [low, high] = [x[2 * i]!, x[2 * i + 1]!];
      code.store("v128.store", a, offset + 16 * i, code.shuffle(low, high, LOW_LANES));
      code.store("v128.store", b, offset + 16 * i, code.shuffle(low, high, HIGH_LANES));
    }
    code.storeLane(x[4]!, 0, a, offset + 32);
    code.storeLane(x[4]!, 1, b, offset + 32);
  },

  loadBroadcast: (code: Code, address: Value, offset = 0): Pair =>
    range(FMA51_LIMBS).map((i) => code.load("v128.load64_splat", address, offset + 8 * i)),

  loadLanes: (code: Code, a: Value, b: Value): Pair =>
    range(FMA51_LIMBS).map((i) =>
      code.loadLane(code.load("v128.load64_zero", a, 16 * i), 1, b, 16 * i),
    ),

  storeLanes(code: Code, a: Value, b: Value, x: Pair): void {
    x.forEach((limb, i) => {
      code.storeLane(limb, 0, a, 16 * i);
      code.storeLane(limb, 1, b, 16 * i);
    });
  },

  elementAddress(code: Code, base: Value, index: Value): Local {
    const pair = code.op("i32.mul", code.op("i32.shr_u", index, i32(1)), i32(80));
    const lane = code.op("i32.shl", code.op("i32.and", index, i32(1)), i32(3));
    return code.op("i32.add", base, code.op("i32.add", pair, lane));
  },
};

const lazyArithmetic = {
  add: (code: Code, a: Pair, b: Pair): Pair =>
    a.map((limb, i) => code.op("f64x2.add", limb, b[i]!)),
  sub: (code: Code, a: Pair, b: Pair): Pair =>
    a.map((limb, i) => code.op("f64x2.sub", limb, b[i]!)),
  swap: (code: Code, a: Pair): Pair => a.map((limb) => code.shuffle(limb, limb, SWAPPED)),
};

/** Subtracts the nearest multiple of p, then rounds each limb's excess into the next: exact in doubles. */
function normalize(code: Code, pool: ConstantPool, modulus: Fma51Modulus, a: Pair): Pair {
  const double = (x: number): Local => pool.load(code, doubleBits(x));
  const magic = double(3 * 2 ** 51);
  const round = (x: Value, scale: number): Local => {
    const rounded = code.op("f64x2.relaxed_madd", x, double(scale), magic);
    return code.op("f64x2.sub", rounded, magic);
  };
  const multiple = round(a[4]!, modulus.topQuotient);
  const x: Value[] = a.map((limb, j) =>
    code.op("f64x2.relaxed_nmadd", multiple, double(modulus.limbs[j]!), limb),
  );
  for (let j = 0; j < FMA51_LIMBS - 1; j++) {
    const carry = round(x[j]!, 2 ** -51);
    x[j] = code.op("f64x2.relaxed_nmadd", carry, double(2 ** 51), x[j]!);
    x[j + 1] = code.op("f64x2.add", x[j + 1]!, carry);
  }
  return x;
}

function zeroLanes(code: Code, pool: ConstantPool, a: Pair): Local {
  const zero = pool.load(code, 0n);
  const equal = a.map((limb) => code.op("f64x2.eq", limb, zero));
  const all = equal.reduce((x, y) => code.op("v128.and", x, y));
  return code.op("i64x2.bitmask", all);
}

/** Bias that one product leaves in each column. */
const PRODUCT_BIAS: readonly bigint[] = range(FMA51_COLUMNS).map((k) => {
  const products = (column: number): bigint =>
    column < 0 || column > 8 ? 0n : BigInt(Math.min(column, 8 - column) + 1);
  return products(k) * LOW_BIAS + products(k - 1) * HIGH_BIAS;
});

function fma51Accumulator(
  f: FunctionBuilder,
  pool: ConstantPool,
  modulus: Fma51Modulus,
): Accumulator {
  const sums = range(FMA51_COLUMNS).map(() => f.local(V128));
  // what the sums of n products start with, for each n: their bias taken off in advance
  const starts = pool.block(
    Uint8Array.from(
      range(MAX_PRODUCTS + 1).flatMap((n) =>
        PRODUCT_BIAS.flatMap((bias) => {
          const lane = bytes64(-bias * BigInt(n));
          return [...lane, ...lane];
        }),
      ),
    ),
  );
  return {
    start(code, products) {
      const row = code.op("i32.mul", products, i32(16 * FMA51_COLUMNS));
      sums.forEach((sum, k) => {
        code.assign(sum, code.load("v128.load", row, starts + 16 * k));
      });
    },
    addProduct(code, a, b) {
      const m = new Fma51Multiplier(code, pool, modulus);
      for (const { column, a: x, b: y } of productTerms(a, b)) {
        const [low, high] = m.split(x(), y());
        code.opTo(sums[column]!, "i64x2.add", sums[column]!, low);
        code.opTo(sums[column + 1]!, "i64x2.add", sums[column + 1]!, high);
      }
    },
    reduce(code, plus) {
      const columns = sums.map((value) => ({ value, bias: 0n }));
      return new Fma51Multiplier(code, pool, modulus).reduce(columns, plus);
    },
  };
}
