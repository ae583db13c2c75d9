import { R1CSError } from "./errors.ts";
import { type CircomHeader, R1CS_LIMITS } from "./parse-r1cs.ts";

const MAX_SYM_CHARACTERS = 2 ** 29 - 64; // the longest string that V8 holds is a little more
const MAX_SYM_LINES = 2 ** 26;

/** A circom .sym file: the names of signals. Label i is signal i in circom's order, from 1. */
export interface Sym {
  /** names[label − 1], such as "main.step_in[0]". */
  readonly names: readonly string[];
  /** Wire → label of its first signal, 0 where the wire has no name. */
  readonly labelOfWire: Uint32Array;
}

/**
 * Reads `label,wire,component,name` lines; wire −1 marks a signal that was optimised away.
 * @throws R1CSError MALFORMED (names the line), TOO_LARGE
 */
export function parseSym(text: string): Sym {
  if (text.length > MAX_SYM_CHARACTERS) {
    throw new R1CSError("TOO_LARGE", `the .sym file has ${text.length} characters`);
  }
  const names: string[] = [];
  const wires: number[] = [];
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end).trimEnd();
    if (line !== "") readLine(line, names, wires);
    start = end + 1;
  }
  return { names, labelOfWire: firstLabels(wires) };
}

function readLine(line: string, names: string[], wires: number[]): void {
  const match = /^(\d{1,10}),(-1|\d{1,10}),\d{1,10},(\S+)$/.exec(line);
  if (match === null || names.length >= MAX_SYM_LINES) badLine(line, names.length);
  const [, label, wire, name] = match as unknown as [string, string, string, string];
  if (Number(label) !== names.length + 1 || Number(wire) >= R1CS_LIMITS.wires) {
    badLine(line, names.length);
  }
  names.push(name);
  wires.push(Number(wire));
}

function badLine(line: string, index: number): never {
  throw new R1CSError(
    "MALFORMED",
    `line ${index + 1} of the .sym file must be "label,wire,component,name" in order, it is "${line.slice(0, 80)}"`,
  );
}

function firstLabels(wires: readonly number[]): Uint32Array {
  const highest = wires.reduce((most, wire) => Math.max(most, wire), -1);
  const labelOfWire = new Uint32Array(highest + 1);
  wires.forEach((wire, i) => {
    if (wire >= 0 && labelOfWire[wire] === 0) labelOfWire[wire] = i + 1;
  });
  return labelOfWire;
}

/** The name of a wire: "1" for the constant, the signal's path without "main.", or "wire 17". */
export function wireName(sym: Sym | undefined, wire: number): string {
  if (wire === 0) return "1";
  const label = sym?.labelOfWire[wire] ?? 0;
  if (label === 0) return `wire ${wire}`;
  return sym!.names[label - 1]!.replace(/^main\./, "");
}

/** An input of the main component; `size` is [] for a single signal, [2, 3] for x[2][3]. */
export interface SignalShape {
  readonly name: string;
  readonly size: readonly number[];
}

/** What the header's counts and the .sym names say about the main component. */
export interface MainSignals {
  readonly outputs: readonly SignalShape[];
  readonly publicInputs: readonly SignalShape[];
  readonly privateInputs: readonly SignalShape[];
}

/** circom numbers main's signals first: outputs, public inputs, private inputs. @throws R1CSError MALFORMED */
export function mainSignals(header: CircomHeader, sym: Sym): MainSignals {
  const { outputs, publicInputs, privateInputs } = header;
  const total = outputs + publicInputs + privateInputs;
  if (sym.names.length < total) {
    throw new R1CSError(
      "MALFORMED",
      `the .sym file names ${sym.names.length} signals, the .r1cs header counts ${total} inputs and outputs`,
    );
  }
  return {
    outputs: groupSignals(sym.names.slice(0, outputs)),
    publicInputs: groupSignals(sym.names.slice(outputs, outputs + publicInputs)),
    privateInputs: groupSignals(sym.names.slice(outputs + publicInputs, total)),
  };
}

/** ["main.w[0][0]", …, "main.w[1][2]", "main.k"] → [{ w, [2, 3] }, { k, [] }] */
function groupSignals(names: readonly string[]): SignalShape[] {
  const shapes = new Map<string, number[]>();
  for (const name of names) {
    const [base, indices] = splitIndices(name.replace(/^main\./, ""));
    const size = shapes.get(base) ?? indices.map(() => 0);
    indices.forEach((index, k) => (size[k] = Math.max(size[k] ?? 0, index + 1)));
    shapes.set(base, size);
  }
  return Array.from(shapes, ([name, size]) => ({ name, size }));
}

function splitIndices(name: string): [base: string, indices: number[]] {
  const base = name.replace(/(\[\d+\])+$/, "");
  const indices = name.slice(base.length).match(/\d+/g) ?? [];
  return [base, indices.map(Number)];
}

/** "w[2][3]", or "w" for a single signal. */
export const showSignal = ({ name, size }: SignalShape): string =>
  name + size.map((n) => `[${n}]`).join("");

export const signalCount = ({ size }: SignalShape): number => size.reduce((n, k) => n * k, 1);
