import { assert } from "../errors.ts";
import { type Callable, FunctionBuilder } from "./emitter.ts";
import { type ValType, leb, sleb } from "./opcodes.ts";

export interface MemoryType {
  readonly shared: boolean;
  /** Pages of 64 KiB. */
  readonly initial: number;
  readonly maximum: number;
}

interface Import extends Callable {
  readonly module: string;
  readonly name: string;
}

/**
 * A WebAssembly module under construction. It imports its memory as env.memory and writes its
 * constants there when instantiated (data segments at fixed addresses, see static.ts).
 */
export class ModuleBuilder {
  readonly #memory: MemoryType;
  readonly #imports: Import[] = [];
  readonly #functions: FunctionBuilder[] = [];
  readonly #exports: [name: string, index: number][] = [];
  readonly #data: [address: number, bytes: Uint8Array][] = [];

  constructor(memory: MemoryType) {
    this.#memory = memory;
  }

  importFunction(
    module: string,
    name: string,
    params: readonly ValType[],
    results: readonly ValType[] = [],
  ): Callable {
    assert(this.#functions.length === 0, "imports come before functions");
    const imported = { module, name, params, results, index: this.#imports.length };
    this.#imports.push(imported);
    return imported;
  }

  /** Exported under `name` unless it is empty. */
  func(
    name: string,
    params: readonly ValType[],
    results: readonly ValType[],
    body: (f: FunctionBuilder) => void,
  ): FunctionBuilder {
    const index = this.#imports.length + this.#functions.length;
    const f = new FunctionBuilder(index, params, results);
    this.#functions.push(f);
    if (name !== "") this.#exports.push([name, index]);
    body(f);
    return f;
  }

  /** Bytes written at `address` at instantiation. */
  data(address: number, bytes: Uint8Array): void {
    this.#data.push([address, bytes]);
  }

  encode(): Uint8Array<ArrayBuffer> {
    const callables: Callable[] = [...this.#imports, ...this.#functions];
    const types = callables.map(({ params, results }) => [
      0x60,
      ...list(params.map((type) => [type])),
      ...list(results.map((type) => [type])),
    ]);
    const imports = this.#imports.map(({ module, name, index }) => [
      ...text(module),
      ...text(name),
      0x00,
      ...leb(index),
    ]);
    const parts = [
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, list(types)),
      section(2, list([[...text("env"), ...text("memory"), 0x02, ...this.#limits()], ...imports])),
      section(3, list(this.#functions.map((f) => leb(f.index)))),
      section(7, list(this.#exports.map(([name, index]) => [...text(name), 0x00, ...leb(index)]))),
      section(10, list(this.#functions.map((f) => f.encode()))),
      section(11, list(this.#data.map(([address, bytes]) => dataSegment(address, bytes)))),
    ];
    return join(parts);
  }

  #limits(): number[] {
    const { shared, initial, maximum } = this.#memory;
    return [shared ? 3 : 1, ...leb(initial), ...leb(maximum)];
  }
}

const text = (s: string): number[] => {
  const bytes = [...new TextEncoder().encode(s)];
  return [...leb(bytes.length), ...bytes];
};

const list = (items: readonly (readonly number[])[]): number[] =>
  leb(items.length).concat(...items);

const section = (id: number, body: readonly number[]): number[] =>
  [id, ...leb(body.length)].concat(body);

const dataSegment = (address: number, bytes: Uint8Array): number[] => [
  0x00,
  0x41,
  ...sleb(BigInt(address)),
  0x0b,
  ...leb(bytes.length),
  ...bytes,
];

function join(parts: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}
