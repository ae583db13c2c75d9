import { ELEMENT_BYTES, viewOf, writeElement } from "@foldmesh/algebra";
import { R1CSError } from "./errors.ts";
import { type SignalShape, showSignal, signalCount } from "./sym.ts";
import { type StepInputs, type Value, isRecord, parseElement } from "./value.ts";

/** The input that is the state; every other is private. */
export const STATE_INPUT = "step_in";

/** Values of one input signal in circom's order, as 32-byte little-endian elements. */
export interface EncodedSignal {
  readonly name: string;
  readonly values: Uint8Array;
}

/**
 * Turns named values into what circom's witness program takes, and checks them against the program's
 * input signals where these are known. An array may be nested like its signal, or flat.
 * @param signals every input signal, step_in among them; undefined leaves the check to the program
 * @throws R1CSError INPUT, naming the missing, unknown or mis-sized signal
 */
export function encodeInputs(
  inputs: StepInputs,
  signals: readonly SignalShape[] | undefined,
): EncodedSignal[] {
  const named = nameInputs(inputs);
  if (signals !== undefined) checkSignals(named, signals);
  return Array.from(named, ([name, value]) => ({ name, values: encodeValue(name, value) }));
}

/** Checks inputs against these signals as `encodeInputs` does. @throws R1CSError INPUT */
export function checkInputs(inputs: StepInputs, signals: readonly SignalShape[]): void {
  checkSignals(nameInputs(inputs), signals);
}

function nameInputs(inputs: StepInputs): Map<string, Value> {
  const named = new Map<string, Value>();
  for (const [name, value] of Object.entries(inputs)) qualify(name, value, named);
  return named;
}

/** Names a bus's fields: { q: { x: 1 } } → q.x, { q: [{ x: 1 }] } → q[0].x */
function qualify(name: string, value: Value, named: Map<string, Value>): void {
  if (isRecord(value)) {
    for (const [field, inner] of Object.entries(value)) qualify(`${name}.${field}`, inner, named);
  } else if (Array.isArray(value) && holdsBus(value)) {
    value.forEach((inner, i) => qualify(`${name}[${i}]`, inner, named));
  } else {
    named.set(name, value);
  }
}

const holdsBus = (value: readonly Value[]): boolean =>
  value.some((inner) => isRecord(inner) || (Array.isArray(inner) && holdsBus(inner)));

function checkSignals(named: ReadonlyMap<string, Value>, signals: readonly SignalShape[]): void {
  const known = new Map(signals.map((signal) => [signal.name, signal]));
  for (const [name, value] of named) {
    const signal = known.get(name);
    if (signal === undefined) refuse(`the circuit has no input "${name}"${listOf(signals)}`);
    checkSize(signal, value);
  }
  const missing = signals.find(({ name }) => !named.has(name));
  if (missing !== undefined) refuse(`the input ${showSignal(missing)} is missing`);
}

function checkSize(signal: SignalShape, value: Value): void {
  const expected = signalCount(signal);
  const given = flatten(value).length;
  if (given !== expected) {
    refuse(`the input ${showSignal(signal)} takes ${expected} value(s), ${given} were given`);
  }
  const shape = shapeOf(value);
  if (shape.length > 1 && shape.join() !== signal.size.join()) {
    const shown = shape.map((n) => `[${n}]`).join("");
    refuse(`the input ${showSignal(signal)} is given as ${shown}: nest it like the signal`);
  }
}

const shapeOf = (value: Value | undefined): number[] =>
  Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : [];

function listOf(signals: readonly SignalShape[]): string {
  const names = signals.filter(({ name }) => name !== STATE_INPUT).map(showSignal);
  return names.length === 0
    ? "; it has no private inputs"
    : `; its private inputs are ${names.join(", ")}`;
}

function flatten(value: Value): readonly Value[] {
  return Array.isArray(value) ? value.flatMap(flatten) : [value];
}

function encodeValue(name: string, value: Value): Uint8Array {
  const values = flatten(value);
  const bytes = new Uint8Array(values.length * ELEMENT_BYTES);
  const view = viewOf(bytes);
  values.forEach((x, i) =>
    writeElement(view, i * ELEMENT_BYTES, parseElement(x, `the input ${name}[${i}]`)),
  );
  return bytes;
}

function refuse(what: string): never {
  throw new R1CSError("INPUT", what);
}
