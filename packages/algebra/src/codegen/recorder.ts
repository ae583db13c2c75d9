import type { Code, Local, Value } from "./emitter.ts";
import {
  I64,
  LOADS,
  type Load,
  OPERATIONS,
  type Operation,
  type Store,
  V128,
  type ValType,
  valType,
} from "./opcodes.ts";

/** Records straight-line code so that independent streams can be merged: see `interleave`. */
export class Recorder implements Code {
  readonly entries: ((code: Code) => void)[] = [];

  op(name: Operation, ...args: Value[]): Local {
    return this.#record(valType(OPERATIONS[name][1]), (code) => code.op(name, ...args));
  }

  opTo(target: Local, name: Operation, ...args: Value[]): void {
    this.entries.push((code) => code.opTo(target, name, ...args));
  }

  load(name: Load, address: Value, offset: number = 0): Local {
    return this.#record(valType(LOADS[name][2]), (code) => code.load(name, address, offset));
  }

  store(name: Store, address: Value, offset: number, value: Value): void {
    this.entries.push((code) => code.store(name, address, offset, value));
  }

  loadLane(into: Value, lane: 0 | 1, address: Value, offset: number = 0): Local {
    return this.#record(V128, (code) => code.loadLane(into, lane, address, offset));
  }

  storeLane(value: Value, lane: 0 | 1, address: Value, offset: number): void {
    this.entries.push((code) => code.storeLane(value, lane, address, offset));
  }

  shuffle(a: Value, b: Value, bytes: readonly number[]): Local {
    return this.#record(V128, (code) => code.shuffle(a, b, bytes));
  }

  extract(v: Value, lane: 0 | 1): Local {
    return this.#record(I64, (code) => code.extract(v, lane));
  }

  select(condition: Value, whenTrue: Value, whenFalse: Value): Local {
    return this.#record(whenTrue.type, (code) => code.select(condition, whenTrue, whenFalse));
  }

  assign(target: Local, value: Value): void {
    this.entries.push((code) => code.assign(target, value));
  }

  v128(low: bigint, high: bigint = low): Local {
    return this.#record(V128, (code) => code.v128(low, high));
  }

  #record(type: ValType, emit: (code: Code) => Local): Local {
    const result: Local = { type, index: -1 };
    this.entries.push((code) => {
      result.index = emit(code).index;
    });
    return result;
  }
}

/**
 * Instructions taken from one stream before the next gets its turn. Measured on multiplication: 10 spills
 * registers all the time, 250 leaves the overlap to the processor's window; 80 is 8 to 10 % better.
 */
const CHUNK = 80;

/**
 * Emits the streams' code merged in proportion, `CHUNK` instructions at a time. Engines keep the
 * emitted order, so this is where two independent multiplications are made to overlap. The streams
 * must not depend on each other, nor store where another one loads.
 */
export function interleave(code: Code, streams: readonly ((code: Code) => void)[]): void {
  const recorders = streams.map((stream) => {
    const recorder = new Recorder();
    stream(recorder);
    return recorder;
  });
  const events = recorders.flatMap(({ entries }, stream) =>
    entries.map((emit, i) => ({
      at: (Math.floor(i / CHUNK) * CHUNK) / entries.length,
      stream,
      i,
      emit,
    })),
  );
  events.sort((x, y) => x.at - y.at || x.stream - y.stream || x.i - y.i);
  for (const { emit } of events) emit(code);
}
