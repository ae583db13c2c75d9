import { type Accumulator, type Addends, ELEMENT, type FieldCode, type Pair } from "./backend.ts";
import { type Code, type FunctionBuilder, type Local, type Value, i32, i64 } from "./emitter.ts";
import { loadIntegers29, loadPacked29, storeCanonical29, storePacked29 } from "./int29-convert.ts";
import {
  INT29_COLUMNS,
  INT29_LIMBS,
  type Int29Modulus,
  int29Modulus,
  normalize29,
  pairsOf,
  product29,
  reduce29,
  square29,
} from "./int29-multiply.ts";
import { range } from "./integers.ts";
import { I64 } from "./opcodes.ts";

// A pair is 18 i64 values: the limbs of lane 0, then those of lane 1.

type Limbs = readonly Value[];
const lane = (x: Pair, n: number): Limbs => x.slice(INT29_LIMBS * n, INT29_LIMBS * (n + 1));
const optionalLane = (x: Pair | undefined, n: number): Limbs | undefined =>
  x === undefined ? undefined : lane(x, n);
const perLane = (body: (n: 0 | 1) => Limbs): Pair => [...body(0), ...body(1)];

export function int29Field(p: bigint): FieldCode {
  const modulus = int29Modulus(p);
  return {
    ...memoryAccess,
    ...lazyArithmetic,
    mul: (code, a, b, { plus, minus }: Addends = {}) =>
      perLane((n) => {
        const products = product29(code, lane(a, n), lane(b, n));
        return reduce29(code, modulus, products, optionalLane(plus, n), optionalLane(minus, n));
      }),
    sqr: (code, a, { plus, minus }: Addends = {}) =>
      perLane((n) => {
        const products = square29(code, lane(a, n));
        return reduce29(code, modulus, products, optionalLane(plus, n), optionalLane(minus, n));
      }),
    normalize: (code, a) => perLane((n) => normalize29(code, modulus, lane(a, n))),
    accumulator: (f) => int29Accumulator(f, modulus),
    loadPacked: (code, a, b, offset = 0) =>
      perLane((n) => loadPacked29(code, n === 0 ? a : b, offset)),
    storePacked: (code, a, b, offset, x) => {
      [a, b].forEach((address, n) => storePacked29(code, address, offset, lane(x, n)));
    },
    storeCanonical: (code, a, b, x) => {
      [a, b].forEach((address, n) => storeCanonical29(code, p, address, lane(x, n)));
    },
    loadIntegers: (code, a, b) => {
      const [x0, bad0] = loadIntegers29(code, p, a);
      const [x1, bad1] = loadIntegers29(code, p, b);
      return [[...x0, ...x1], joinBits(code, bad0, bad1)];
    },
  };
}

const joinBits = (code: Code, bit0: Local, bit1: Local): Local =>
  code.op("i32.or", bit0, code.op("i32.shl", bit1, i32(1)));

const loadElement = (code: Code, address: Value, offset: number): Limbs =>
  range(INT29_LIMBS).map((i) => code.load("i64.load32_s", address, offset + 4 * i));

function storeElement(code: Code, address: Value, offset: number, x: Limbs): void {
  x.forEach((limb, i) => code.store("i64.store32", address, offset + 4 * i, limb));
}

const memoryAccess = {
  loadPair: (code: Code, address: Value, offset = 0): Pair =>
    perLane((n) => loadElement(code, address, offset + ELEMENT * n)),
  storePair(code: Code, address: Value, offset: number, x: Pair): void {
    for (const n of [0, 1]) storeElement(code, address, offset + ELEMENT * n, lane(x, n));
  },
  loadElements: (code: Code, a: Value, b: Value, offset = 0): Pair =>
    perLane((n) => loadElement(code, n === 0 ? a : b, offset)),
  storeElements(code: Code, a: Value, b: Value, offset: number, x: Pair): void {
    [a, b].forEach((address, n) => storeElement(code, address, offset, lane(x, n)));
  },
  loadBroadcast(code: Code, address: Value, offset = 0): Pair {
    const x = loadElement(code, address, offset);
    return [...x, ...x];
  },
  loadLanes: (code: Code, a: Value, b: Value): Pair =>
    perLane((n) => loadElement(code, n === 0 ? a : b, 0)),
  storeLanes(code: Code, a: Value, b: Value, x: Pair): void {
    [a, b].forEach((address, n) => storeElement(code, address, 0, lane(x, n)));
  },
  elementAddress: (code: Code, base: Value, index: Value): Local =>
    code.op("i32.add", base, code.op("i32.mul", index, i32(ELEMENT))),
};

const laneBit = (code: Code, lanes: Value, n: number): Local =>
  code.op("i32.and", code.op("i32.shr_u", lanes, i32(n)), i32(1));

const lazyArithmetic = {
  add: (code: Code, a: Pair, b: Pair): Pair => a.map((limb, i) => code.op("i64.add", limb, b[i]!)),
  sub: (code: Code, a: Pair, b: Pair): Pair => a.map((limb, i) => code.op("i64.sub", limb, b[i]!)),
  swap: (_code: Code, a: Pair): Pair => [...lane(a, 1), ...lane(a, 0)],
  zero: (): Pair => range(2 * INT29_LIMBS).map(() => i64(0n)),
  negateIf: (code: Code, lanes: Value, a: Pair): Pair =>
    perLane((n) => {
      const bit = code.op("i64.extend_i32_u", laneBit(code, lanes, n));
      const mask = code.op("i64.sub", i64(0n), bit);
      return lane(a, n).map((limb) => code.op("i64.sub", code.op("i64.xor", limb, mask), mask));
    }),
  select: (code: Code, lanes: Value, a: Pair, b: Pair): Pair =>
    perLane((n) => {
      const bit = laneBit(code, lanes, n);
      return lane(a, n).map((limb, i) => code.select(bit, limb, lane(b, n)[i]!));
    }),
  zeroLanes(code: Code, a: Pair): Local {
    const isZero = (n: number): Local => {
      const any = lane(a, n).reduce((x, y) => code.op("i64.or", x, y));
      return code.op("i64.eqz", any);
    };
    return joinBits(code, isZero(0), isZero(1));
  },
};

function int29Accumulator(f: FunctionBuilder, modulus: Int29Modulus): Accumulator {
  const sums = [0, 1].map(() => range(INT29_COLUMNS).map(() => f.local(I64)));
  return {
    start(code) {
      for (const sum of sums.flat()) code.assign(sum, i64(0n));
    },
    addProduct(code, a, b) {
      sums.forEach((columns, n) => {
        const [x, y] = [lane(a, n), lane(b, n)];
        columns.forEach((column, k) => {
          for (const [i, j] of pairsOf(k)) {
            code.opTo(column, "i64.add", column, code.op("i64.mul", x[i]!, y[j]!));
          }
        });
      });
    },
    reduce: (code, plus) =>
      perLane((n) => reduce29(code, modulus, sums[n]!, optionalLane(plus, n))),
  };
}
