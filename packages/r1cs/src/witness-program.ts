// The ABI of circom 2's witness .wasm (witness_calculator.js of circom 2.0 … 2.2). The module is
// foreign code: instantiate it only where it may be killed (see node/witness-runner.ts).

import { ELEMENT_BYTES, Fp, readElement } from "@foldmesh/algebra";
import { R1CSError } from "./errors.ts";
import type { EncodedSignal } from "./signals.ts";

const RUNTIME = [
  "exceptionHandler",
  "printErrorMessage",
  "writeBufferMessage",
  "showSharedRWMemory",
];
/** Older compilers import these too; nothing is to be done in them. */
const RUNTIME_IGNORED = [
  "error",
  "log",
  "logGetSignal",
  "logSetSignal",
  "logStartComponent",
  "logFinishComponent",
];
const FUNCTIONS = [
  "init",
  "setInputSignal",
  "getInputSignalSize",
  "getInputSize",
  "getWitnessSize",
  "getWitness",
  "getRawPrime",
  "getFieldNumLen32",
  "getSharedRWMemoryStart",
  "getMessageChar",
] as const;

const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: "Signal not found",
  2: "Too many signals set",
  3: "Signal already set",
  4: "Assert Failed",
  5: "Not enough memory",
  6: "Input signal array access exceeds the size",
  7: "Out of bounds array access",
};
const NOT_ENOUGH_MEMORY = 5;

const MAX_MESSAGE_CHARACTERS = 1024;
const MAX_ERROR_LINES = 16;
const MAX_LOG_LINES = 256;

/** One instance of a witness program; runs may follow each other. */
export interface WitnessProgram {
  /**
   * Computes z for every input signal, as 32-byte little-endian elements.
   * @throws R1CSError WITNESS (an assertion failed, or the program trapped), INPUT, MEMORY
   */
  run(signals: readonly EncodedSignal[]): WitnessResult;
  /** What the last run printed with log() up to its end, or until it failed; 256 lines at most. */
  log(): readonly string[];
}

export interface WitnessResult {
  readonly assignment: Uint8Array;
}

type Exports = Record<(typeof FUNCTIONS)[number], (...args: number[]) => number> & {
  readonly memory: WebAssembly.Memory;
};

/** Messages that the program sends while it runs. */
interface Messages {
  readonly errors: string[];
  readonly log: string[];
  line: string;
}

/**
 * @param module from bytes that `limitMemory` has passed
 * @param columns wires of the circuit that it must belong to
 * @throws R1CSError UNSUPPORTED (imports, exports or prime that circom 2's programs have not), MEMORY
 */
export function instantiateWitness(module: WebAssembly.Module, columns: number): WitnessProgram {
  checkInterface(module);
  const messages: Messages = { errors: [], log: [], line: "" };
  const holder: { exports?: Exports } = {};
  const instance = instantiate(
    module,
    runtimeOf(messages, () => holder.exports),
  );
  const exports = instance.exports as unknown as Exports;
  holder.exports = exports;
  return guarded(messages, () => {
    checkPrime(exports);
    checkColumns(exports, columns);
    return {
      run: (signals) =>
        guarded(messages, () => ({
          assignment: computeWitness(exports, messages, signals, columns),
        })),
      log: () => messages.log.slice(),
    };
  });
}

function checkInterface(module: WebAssembly.Module): void {
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    const known = RUNTIME.includes(name) || RUNTIME_IGNORED.includes(name);
    if (from === "runtime" && kind === "function" && known) continue;
    unsupported(`imports ${kind} ${from}.${name}`);
  }
  const exported = new Map(WebAssembly.Module.exports(module).map((e) => [e.name, e.kind]));
  for (const name of FUNCTIONS) {
    if (exported.get(name) !== "function") unsupported(`does not export the function ${name}`);
  }
  if (exported.get("memory") !== "memory") unsupported("does not export its memory");
}

function unsupported(what: string): never {
  throw new R1CSError(
    "UNSUPPORTED",
    `the witness program ${what.slice(0, 200)}, so it is not circom 2's: build it with circom 2`,
  );
}

function instantiate(
  module: WebAssembly.Module,
  runtime: WebAssembly.ModuleImports,
): WebAssembly.Instance {
  try {
    return new WebAssembly.Instance(module, { runtime });
  } catch (error) {
    const message = (error as Error).message;
    const code = error instanceof RangeError && /memory/i.test(message) ? "MEMORY" : "WITNESS";
    throw new R1CSError(code, `the witness program does not start: ${message}`, { cause: error });
  }
}

function runtimeOf(
  messages: Messages,
  exports: () => Exports | undefined,
): WebAssembly.ModuleImports {
  const ignored = RUNTIME_IGNORED.map((name) => [name, () => {}] as const);
  return {
    ...Object.fromEntries(ignored),
    exceptionHandler: (code: number) => {
      const what = EXCEPTIONS[code] ?? `Error ${code}`;
      const details = messages.errors.join("; ");
      throw new R1CSError(
        code === NOT_ENOUGH_MEMORY ? "MEMORY" : "WITNESS",
        `circom: ${what}${details === "" ? "" : `: ${details}`}`,
      );
    },
    printErrorMessage: () => {
      const text = readMessage(exports()).trim();
      if (messages.errors.length < MAX_ERROR_LINES) messages.errors.push(text);
    },
    writeBufferMessage: () => {
      const text = readMessage(exports());
      if (text === "\n") endLine(messages);
      else extendLine(messages, text);
    },
    showSharedRWMemory: () => extendLine(messages, readShared(exports())),
  };
}

function readMessage(exports: Exports | undefined): string {
  let text = "";
  for (let k = 0; k < MAX_MESSAGE_CHARACTERS; k++) {
    const character = exports?.getMessageChar() ?? 0;
    if (character === 0) break;
    text += String.fromCharCode(character);
  }
  return text;
}

function readShared(exports: Exports | undefined): string {
  if (exports === undefined) return "";
  const view = new DataView(exports.memory.buffer);
  return readElement(view, exports.getSharedRWMemoryStart() >>> 0).toString();
}

function extendLine(messages: Messages, text: string): void {
  if (messages.line.length > MAX_MESSAGE_CHARACTERS) return;
  messages.line += (messages.line === "" ? "" : " ") + text;
}

function endLine(messages: Messages): void {
  if (messages.log.length < MAX_LOG_LINES) messages.log.push(messages.line);
  messages.line = "";
}

/** Runs `body`; whatever a foreign program makes it throw becomes an R1CSError. */
function guarded<T>(messages: Messages, body: () => T): T {
  messages.errors.length = 0;
  messages.log.length = 0;
  messages.line = "";
  try {
    return body();
  } catch (error) {
    if (error instanceof R1CSError) throw error;
    const { message } = error as Error;
    throw new R1CSError("WITNESS", `the witness program failed: ${message}`, { cause: error });
  }
}

function checkPrime(exports: Exports): void {
  exports.getRawPrime();
  const start = exports.getSharedRWMemoryStart() >>> 0;
  const prime = readElement(new DataView(exports.memory.buffer), start);
  if (exports.getFieldNumLen32() === ELEMENT_BYTES / 4 && prime === Fp.modulus) return;
  unsupported("computes over another prime than circom's default bn128");
}

function checkColumns(exports: Exports, columns: number): void {
  const found = exports.getWitnessSize() >>> 0;
  if (found === columns) return;
  throw new R1CSError(
    "WITNESS",
    `the witness program computes ${found} wires, the circuit has ${columns}: they do not belong together`,
  );
}

function computeWitness(
  exports: Exports,
  messages: Messages,
  signals: readonly EncodedSignal[],
  columns: number,
): Uint8Array {
  exports.init(1); // 1: run the circuit's assertions
  messages.errors.length = 0;
  setInputs(exports, signals);
  const start = exports.getSharedRWMemoryStart() >>> 0;
  const assignment = new Uint32Array((columns * ELEMENT_BYTES) / 4);
  let shared = sharedElement(exports, start);
  for (let wire = 0; wire < columns; wire++) {
    exports.getWitness(wire);
    if (shared.length === 0) shared = sharedElement(exports, start); // memory grew: the old view is detached
    const at = wire * (ELEMENT_BYTES / 4);
    for (let k = 0; k < ELEMENT_BYTES / 4; k++) assignment[at + k] = shared[k]!;
  }
  return new Uint8Array(assignment.buffer);
}

const sharedElement = (exports: Exports, start: number): Uint32Array =>
  new Uint32Array(exports.memory.buffer, start, ELEMENT_BYTES / 4);

function setInputs(exports: Exports, signals: readonly EncodedSignal[]): void {
  const start = exports.getSharedRWMemoryStart() >>> 0;
  let set = 0;
  for (const { name, values } of signals) {
    const [high, low] = fnv1a(name);
    const count = values.length / ELEMENT_BYTES;
    checkInput(name, count, exports.getInputSignalSize(high, low));
    for (let i = 0; i < count; i++, set++) {
      const value = values.subarray(i * ELEMENT_BYTES, (i + 1) * ELEMENT_BYTES);
      new Uint8Array(exports.memory.buffer, start, ELEMENT_BYTES).set(value);
      exports.setInputSignal(high, low, i);
    }
  }
  const expected = exports.getInputSize();
  if (set === expected) return;
  throw new R1CSError("INPUT", `the circuit takes ${expected} input values, ${set} were given`);
}

function checkInput(name: string, given: number, size: number): void {
  if (size < 1) throw new R1CSError("INPUT", `the circuit has no input "${name}"`);
  if (given === size) return;
  throw new R1CSError("INPUT", `the input ${name} takes ${size} value(s), ${given} were given`);
}

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** FNV-1a, 64 bits, of an ASCII name: circom's key of an input signal, as two i32. */
function fnv1a(name: string): [high: number, low: number] {
  let hash = FNV_OFFSET;
  for (let i = 0; i < name.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(name.charCodeAt(i))) * FNV_PRIME);
  }
  return [Number(hash >> 32n) | 0, Number(hash & 0xffffffffn) | 0];
}
