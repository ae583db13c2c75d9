import { assert } from "../errors.ts";
import {
  I32,
  I64,
  I64X2_EXTRACT_LANE,
  LOAD64_LANE,
  LOADS,
  type Load,
  OPERATIONS,
  type Operation,
  SHUFFLE,
  STORE64_LANE,
  STORES,
  type Store,
  V128,
  V128_CONST,
  type ValType,
  encodeOpcode,
  leb,
  sleb,
  valType,
} from "./opcodes.ts";

/** A local variable. `index` is assigned when the defining instruction is emitted (see recorder.ts). */
export interface Local {
  readonly type: ValType;
  index: number;
}

/** An immediate, pushed where it is used. */
export interface Immediate {
  readonly type: typeof I32 | typeof I64;
  readonly constant: bigint;
}

export type Value = Local | Immediate;

export const i32 = (constant: number): Immediate => ({ type: I32, constant: BigInt(constant | 0) });
export const i64 = (constant: bigint): Immediate => ({
  type: I64,
  constant: BigInt.asIntN(64, constant),
});

/**
 * Straight-line code in SSA style: every result goes to a fresh local, so that an engine's register
 * allocator sees true lifetimes and a Recorder can interleave several streams.
 */
export interface Code {
  op(name: Operation, ...args: Value[]): Local;
  /** As `op`, into an existing local. */
  opTo(target: Local, name: Operation, ...args: Value[]): void;
  load(name: Load, address: Value, offset?: number): Local;
  store(name: Store, address: Value, offset: number, value: Value): void;
  /** v128 `into` with 64-bit lane `lane` replaced from memory. */
  loadLane(into: Value, lane: 0 | 1, address: Value, offset?: number): Local;
  storeLane(value: Value, lane: 0 | 1, address: Value, offset: number): void;
  /** Byte shuffle of two vectors. */
  shuffle(a: Value, b: Value, bytes: readonly number[]): Local;
  extract(v: Value, lane: 0 | 1): Local;
  select(condition: Value, whenTrue: Value, whenFalse: Value): Local;
  assign(target: Local, value: Value): void;
  v128(low: bigint, high?: bigint): Local;
}

/** A function that can be called: defined in the module or imported. */
export interface Callable {
  readonly index: number;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

/** A function body under construction. */
export class FunctionBuilder implements Code, Callable {
  readonly index: number;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  readonly #locals: ValType[] = [];
  readonly #code: number[] = [];

  constructor(index: number, params: readonly ValType[], results: readonly ValType[]) {
    this.index = index;
    this.params = params;
    this.results = results;
  }

  param(i: number): Local {
    return { type: this.params[i]!, index: i };
  }

  /** A mutable local, zero at first. */
  local(type: ValType): Local {
    this.#locals.push(type);
    return { type, index: this.params.length + this.#locals.length - 1 };
  }

  /** A mutable local with a start value. */
  variable(value: Value): Local {
    const local = this.local(value.type);
    this.assign(local, value);
    return local;
  }

  op(name: Operation, ...args: Value[]): Local {
    const [opcode, result] = OPERATIONS[name];
    args.forEach((arg) => this.#push(arg));
    this.#code.push(...encodeOpcode(opcode));
    return this.#pop(valType(result));
  }

  opTo(target: Local, name: Operation, ...args: Value[]): void {
    args.forEach((arg) => this.#push(arg));
    this.#code.push(...encodeOpcode(OPERATIONS[name][0]));
    this.#popTo(target);
  }

  load(name: Load, address: Value, offset: number = 0): Local {
    const [opcode, align, result] = LOADS[name];
    this.#push(address);
    this.#code.push(...encodeOpcode(opcode), align, ...leb(offset));
    return this.#pop(valType(result));
  }

  store(name: Store, address: Value, offset: number, value: Value): void {
    const [opcode, align] = STORES[name];
    this.#push(address);
    this.#push(value);
    this.#code.push(...encodeOpcode(opcode), align, ...leb(offset));
  }

  loadLane(into: Value, lane: 0 | 1, address: Value, offset: number = 0): Local {
    this.#push(address);
    this.#push(into);
    this.#code.push(...LOAD64_LANE, 3, ...leb(offset), lane);
    return this.#pop(V128);
  }

  storeLane(value: Value, lane: 0 | 1, address: Value, offset: number): void {
    this.#push(address);
    this.#push(value);
    this.#code.push(...STORE64_LANE, 3, ...leb(offset), lane);
  }

  shuffle(a: Value, b: Value, bytes: readonly number[]): Local {
    assert(bytes.length === 16, "shuffle takes 16 byte indices");
    this.#push(a);
    this.#push(b);
    this.#code.push(...SHUFFLE, ...bytes);
    return this.#pop(V128);
  }

  extract(v: Value, lane: 0 | 1): Local {
    this.#push(v);
    this.#code.push(...I64X2_EXTRACT_LANE, lane);
    return this.#pop(I64);
  }

  select(condition: Value, whenTrue: Value, whenFalse: Value): Local {
    this.#push(whenTrue);
    this.#push(whenFalse);
    this.#push(condition);
    this.#code.push(0x1c, 1, whenTrue.type);
    return this.#pop(whenTrue.type);
  }

  assign(target: Local, value: Value): void {
    this.#push(value);
    this.#popTo(target);
  }

  v128(low: bigint, high: bigint = low): Local {
    this.#code.push(...V128_CONST, ...bytes64(low), ...bytes64(high));
    return this.#pop(V128);
  }

  call(target: Callable, ...args: Value[]): Local[] {
    assert(args.length === target.params.length, "call: wrong number of arguments");
    args.forEach((arg) => this.#push(arg));
    this.#code.push(0x10, ...leb(target.index));
    return [...target.results]
      .reverse()
      .map((type) => this.#pop(type))
      .reverse();
  }

  return(...values: Value[]): void {
    values.forEach((value) => this.#push(value));
    this.#code.push(0x0f);
  }

  unreachable(): void {
    this.#code.push(0x00);
  }

  if(condition: Value, then: () => void, otherwise?: () => void): void {
    this.#push(condition);
    this.#code.push(0x04, 0x40);
    then();
    if (otherwise !== undefined) {
      this.#code.push(0x05);
      otherwise();
    }
    this.#code.push(0x0b);
  }

  /** do { body } while (the value body returns is not 0) */
  doWhile(body: () => Value): void {
    this.#code.push(0x03, 0x40);
    this.#push(body());
    this.#code.push(0x0d, 0, 0x0b);
  }

  /** while (condition()) body() */
  while(condition: () => Value, body: () => void): void {
    this.#code.push(0x02, 0x40, 0x03, 0x40);
    this.#push(this.op("i32.eqz", condition()));
    this.#code.push(0x0d, 1);
    body();
    this.#code.push(0x0c, 0, 0x0b, 0x0b);
  }

  /** Runs `body` count times (count may be 0); `left` counts down from count to 1. */
  repeat(count: Value, body: (left: Local) => void): void {
    const left = this.variable(count);
    this.if(left, () =>
      this.doWhile(() => {
        body(left);
        this.opTo(left, "i32.sub", left, i32(1));
        return left;
      }),
    );
  }

  encode(): number[] {
    const groups: [count: number, type: ValType][] = [];
    for (const type of this.#locals) {
      const last = groups.at(-1);
      if (last !== undefined && last[1] === type) last[0]++;
      else groups.push([1, type]);
    }
    const locals = groups.flatMap(([count, type]) => [...leb(count), type]);
    const body = [...leb(groups.length), ...locals].concat(this.#code, [0x0b]);
    return leb(body.length).concat(body);
  }

  #push(value: Value): void {
    if ("constant" in value) {
      this.#code.push(value.type === I32 ? 0x41 : 0x42, ...sleb(value.constant));
      return;
    }
    assert(value.index >= 0, "a recorded value is used before its stream is emitted");
    this.#code.push(0x20, ...leb(value.index));
  }

  #pop(type: ValType): Local {
    const local = this.local(type);
    this.#popTo(local);
    return local;
  }

  #popTo(target: Local): void {
    this.#code.push(0x21, ...leb(target.index));
  }
}

export function bytes64(x: bigint): number[] {
  const rest = BigInt.asUintN(64, x);
  return Array.from({ length: 8 }, (_, i) => Number((rest >> BigInt(8 * i)) & 0xffn));
}
