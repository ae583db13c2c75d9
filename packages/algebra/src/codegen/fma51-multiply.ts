import { MAX_PRODUCTS } from "./backend.ts";
import type { ConstantPool } from "./constants.ts";
import { type Code, type Local, type Value, i32 } from "./emitter.ts";
import { centred, doubleBits, inverse, range, signedLimbs } from "./integers.ts";
import { assert } from "../errors.ts";

// Montgomery multiplication of two pairs of elements by fused multiply-add, R = 2^255.
//
// A product of limbs a·b (|a·b| ≤ 2^102) is split exactly in two: hi = fma(a, b, 1.5·2^103) rounds to
// a multiple of 2^51, lo = fma(a, b, 1.5·2^103 + 1.5·2^52 − hi) is what is left. Both are kept as the
// bit patterns of doubles with known exponent and added up as 64-bit integers: column k collects
// weight 2^(51k), plus a bias known at generation time.
//
// The low four digits d0…d3 fold at once with d_i·2^(−51(4−i)) mod p; one Montgomery step with the
// digit d4 and an estimate of the quotient by p (from the top column alone) ends in ±(½+2⁻⁴⁰)·p.

export const FMA51_WIDTH = 51;
export const FMA51_LIMBS = 5;
export const FMA51_COLUMNS: number = 2 * FMA51_LIMBS;

const MASK = (1n << 51n) - 1n;
const ROUND_HIGH = 3 * 2 ** 102;
const ROUND_LOW = 3 * 2 ** 51;
/** Bits of the doubles whose low 51 bits count: what a hi, a lo adds to its column's bias. */
export const HIGH_BIAS: bigint = doubleBits(ROUND_HIGH);
export const LOW_BIAS: bigint = doubleBits(ROUND_LOW);
/** Bias of a column before it is cut in digit and carry: its true value must be within ±2^61. */
const SETTLED = 1n << 61n;
const TWO_52 = doubleBits(2 ** 52);
const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);

/** A column under construction: the sum of `value`s minus `bias` is its true value. */
export interface Column {
  value: Value | null;
  bias: bigint;
}

/** Everything about the modulus that the multiplication needs, as doubles. */
export interface Fma51Modulus {
  readonly limbs: readonly number[];
  /** fold[i][j]: limb j of 2^(−51(4−i)) mod p, centred. */
  readonly fold: readonly (readonly number[])[];
  /** −p⁻¹ mod 2^51, centred. */
  readonly mu: number;
  /** 2^204 / p: quotient by p of a top limb. */
  readonly topQuotient: number;
}

export function fma51Modulus(p: bigint): Fma51Modulus {
  const shift = inverse(1n << 51n, p);
  const fold = range(4).map((i) => {
    const rho = range(4 - i).reduce((x) => (x * shift) % p, 1n);
    return signedLimbs(centred(rho, p), FMA51_WIDTH, FMA51_LIMBS).map(Number);
  });
  const limbs = signedLimbs(p, FMA51_WIDTH, FMA51_LIMBS).map(Number);
  assert(
    quotientBound(p, fold) * 2 ** 51 * Math.max(...limbs.map(Math.abs)) <= 2 ** 102,
    "q·p leaves the range of exact products",
  );
  return {
    limbs,
    fold,
    mu: Number(centred(-inverse(p, 1n << 51n), 1n << 51n)),
    topQuotient: Number(1n << 204n) / Number(p),
  };
}

/**
 * Largest |q|/2^51 of a reduction: MAX_PRODUCTS products of normalised elements, an addend of weight 1,
 * the folded digits (all of one sign at worst), and half for rounding. Σ weight·weight = 4 with addends
 * of weight 2 stays below it as well.
 */
function quotientBound(p: bigint, fold: readonly (readonly number[])[]): number {
  const half = 0.5 + 2 ** -16;
  const product = (half * half * Number(p)) / 2 ** 255;
  const sums = [1, -1].map((sign) =>
    fold
      .map((limbs) => (sign * limbs[4]! * 2 ** 204) / Number(p))
      .reduce((sum, x) => sum + Math.max(0, x), 0),
  );
  const budget = Math.max(MAX_PRODUCTS * product + half, 4 * product + 2 * half);
  return budget + Math.max(...sums) + 0.5;
}

type Limbs = readonly Value[];
interface Term {
  readonly column: number;
  readonly a: () => Value;
  readonly b: () => Value;
}

/** Emits multiplications modulo one prime into one stream of code. */
export class Fma51Multiplier {
  readonly #code: Code;
  readonly #pool: ConstantPool;
  readonly #m: Fma51Modulus;
  readonly #roundHigh: Local;
  readonly #split: Local;

  constructor(code: Code, pool: ConstantPool, modulus: Fma51Modulus) {
    this.#code = code;
    this.#pool = pool;
    this.#m = modulus;
    this.#roundHigh = this.double(ROUND_HIGH);
    this.#split = this.double(ROUND_HIGH + ROUND_LOW);
  }

  double(x: number): Local {
    return this.#pool.load(this.#code, doubleBits(x));
  }

  integer(x: bigint): Local {
    return this.#pool.load(this.#code, u64(x));
  }

  columns(): Column[] {
    return range(FMA51_COLUMNS).map(() => ({ value: null, bias: 0n }));
  }

  /** Both halves of a·b, as biased integers of columns k and k+1. */
  split(a: Value, b: Value): readonly [low: Local, high: Local] {
    const high = this.#code.op("f64x2.relaxed_madd", a, b, this.#roundHigh);
    const rest = this.#code.op("f64x2.sub", this.#split, high);
    return [this.#code.op("f64x2.relaxed_madd", a, b, rest), high];
  }

  product(a: Limbs, b: Limbs): Column[] {
    const columns = this.columns();
    this.#accumulate(columns, productTerms(a, b));
    return columns;
  }

  square(a: Limbs): Column[] {
    const columns = this.columns();
    const doubled = a.map((limb) => this.#code.op("f64x2.add", limb, limb));
    const terms: Term[] = [];
    for (let k = 0; k < FMA51_COLUMNS - 1; k++) {
      for (let i = Math.max(0, k - 4); 2 * i <= k; i++) {
        const j = k - i;
        terms.push({ column: k, a: () => a[i]!, b: () => (i === j ? a[i]! : doubled[j]!) });
      }
    }
    this.#accumulate(columns, terms);
    return columns;
  }

  /** (columns)/R + plus − minus, normalised limbs. */
  reduce(columns: Column[], plus?: Limbs, minus?: Limbs): Local[] {
    const digits = range(4).map((k) => this.#digitAndCarry(columns, k));
    this.#accumulate(columns, this.#foldTerms(digits));
    const last = this.#digitAndCarry(columns, 4);
    const q = this.#quotient(columns, last, plus, minus);
    this.#addQuotient(columns, last, q);
    range(FMA51_LIMBS).forEach((j) => {
      if (plus !== undefined) this.#addLimb(columns[5 + j]!, plus[j]!, 1n);
      if (minus !== undefined) this.#addLimb(columns[5 + j]!, minus[j]!, -1n);
    });
    return this.#normalise(columns);
  }

  #accumulate(columns: Column[], terms: readonly Term[]): void {
    for (const { column, a, b } of terms) {
      const [low, high] = this.split(a(), b());
      this.#add(columns[column + 1]!, high, HIGH_BIAS);
      this.#add(columns[column]!, low, LOW_BIAS);
    }
  }

  #add(column: Column, value: Value, bias: bigint): void {
    column.value = column.value === null ? value : this.#code.op("i64x2.add", column.value, value);
    column.bias = u64(column.bias + bias);
  }

  /** Makes the bias exactly `bias`. */
  #settle(column: Column, bias: bigint): Value {
    const fix = u64(bias - column.bias);
    if (fix !== 0n) this.#add(column, this.integer(fix), fix);
    assert(column.value !== null, "an empty column");
    return column.value;
  }

  /** The low 51 bits of column k as a double in [0, 2^51); the rest is carried to column k+1. */
  #digitAndCarry(columns: Column[], k: number): Local {
    const settled = this.#settle(columns[k]!, SETTLED);
    const low = this.#code.op("v128.and", settled, this.integer(MASK));
    const exponent = this.#code.op("v128.or", low, this.integer(TWO_52));
    const carry = this.#code.op("i64x2.shr_u", settled, i32(51));
    this.#add(columns[k + 1]!, carry, SETTLED >> 51n);
    return this.#code.op("f64x2.sub", exponent, this.double(2 ** 52));
  }

  #foldTerms(digits: readonly Local[]): Term[] {
    return range(FMA51_LIMBS).flatMap((j) =>
      range(4).map((i) => ({
        column: 4 + j,
        a: () => digits[i]!,
        b: () => this.double(this.#m.fold[i]![j]!),
      })),
    );
  }

  /** q ≡ −d4/p mod 2^51 minus 2^51·(estimate of the result's quotient by p). */
  #quotient(columns: Column[], digit: Local, plus?: Limbs, minus?: Limbs): Local {
    const code = this.#code;
    const { topQuotient, mu } = this.#m;
    const fix = this.integer(LOW_BIAS - columns[9]!.bias);
    const biased = code.op("i64x2.add", columns[9]!.value!, fix);
    const top = code.op("f64x2.sub", biased, this.double(ROUND_LOW));
    let estimate = code.op("f64x2.mul", top, this.double(topQuotient));
    if (plus !== undefined) {
      const scale = this.double(topQuotient);
      estimate = code.op("f64x2.relaxed_madd", plus[4]!, scale, estimate);
    }
    if (minus !== undefined) {
      const scale = this.double(-topQuotient);
      estimate = code.op("f64x2.relaxed_madd", minus[4]!, scale, estimate);
    }
    const [low] = this.split(digit, this.double(mu));
    const q0 = code.op("f64x2.sub", low, this.double(ROUND_LOW));
    estimate = code.op("f64x2.relaxed_madd", q0, this.double(2 ** -51), estimate);
    const rounded = code.op("f64x2.add", estimate, this.double(ROUND_LOW));
    const multiple = code.op("f64x2.sub", rounded, this.double(ROUND_LOW));
    return code.op("f64x2.relaxed_nmadd", multiple, this.double(2 ** 51), q0);
  }

  /** Columns 4… += q·p; the low digit of column 4 cancels, its carry is exact. */
  #addQuotient(columns: Column[], digit: Local, q: Local): void {
    const { limbs } = this.#m;
    const low = this.#code.op("f64x2.relaxed_madd", q, this.double(limbs[0]!), digit);
    const carry = this.#code.op("f64x2.add", low, this.#roundHigh);
    this.#add(columns[5]!, carry, HIGH_BIAS);
    const terms = [1, 2, 3, 4].map((j) => ({
      column: 4 + j,
      a: () => q,
      b: () => this.double(limbs[j]!),
    }));
    this.#accumulate(columns, terms);
  }

  /** column ± limb, |limb| < 2^51 a double. */
  #addLimb(column: Column, limb: Value, sign: 1n | -1n): void {
    const bits = this.#code.op("f64x2.add", limb, this.double(ROUND_LOW));
    const name = sign === 1n ? "i64x2.add" : "i64x2.sub";
    column.value = this.#code.op(name, column.value!, bits);
    column.bias = u64(column.bias + sign * LOW_BIAS);
  }

  #normalise(columns: Column[]): Local[] {
    const code = this.#code;
    const limbs = range(4).map((j) => {
      const settled = this.#settle(columns[5 + j]!, SETTLED + (1n << 50n));
      const low = code.op("v128.and", settled, this.integer(MASK));
      const exponent = code.op("v128.or", low, this.integer(TWO_52));
      const carry = code.op("i64x2.shr_u", settled, i32(51));
      this.#add(columns[6 + j]!, carry, SETTLED >> 51n);
      return code.op("f64x2.sub", exponent, this.double(2 ** 52 + 2 ** 50));
    });
    const top = this.#settle(columns[9]!, LOW_BIAS);
    limbs.push(code.op("f64x2.sub", top, this.double(ROUND_LOW)));
    return limbs;
  }
}

/** a_i·b_j by column. */
export function productTerms(a: Limbs, b: Limbs): Term[] {
  const terms: Term[] = [];
  for (let k = 0; k < FMA51_COLUMNS - 1; k++) {
    for (let i = Math.max(0, k - 4); i <= Math.min(4, k); i++) {
      terms.push({ column: k, a: () => a[i]!, b: () => b[k - i]! });
    }
  }
  return terms;
}
