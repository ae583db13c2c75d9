import {
  ELEMENT_BYTES,
  type PrimeField,
  type SparseMatrix,
  readElement,
  viewOf,
} from "@foldmesh/algebra";
import { R1CSError } from "./errors.ts";
import { type R1CS, rowOf } from "./structure.ts";
import { type Sym, wireName } from "./sym.ts";

const MAX_TERMS_SHOWN = 4;
const MAX_SIGNALS_SHOWN = 8;
const MAX_DIGITS_SHOWN = 40;

/** The first constraint that an assignment does not satisfy. */
export interface Violation {
  readonly row: number;
  /** Names of the signals in the row, shortest paths first. */
  readonly signals: readonly string[];
  /** Path of the component that the row belongs to, as far as names tell; "main" at the top. */
  readonly component: string;
  /** A sentence with the row, its component, formula and values. */
  readonly message: string;
}

/**
 * The first row with (A_x·z)(B_x·z) ≠ C_x·z, or undefined when the assignment satisfies all.
 * @param assignment z as 32-byte little-endian elements, one per column
 * @throws R1CSError INPUT when its length is not 32·columns
 */
export function firstViolation(
  r1cs: R1CS,
  assignment: Uint8Array,
  sym?: Sym,
): Violation | undefined {
  if (assignment.length !== r1cs.columns * ELEMENT_BYTES) {
    throw new R1CSError(
      "INPUT",
      `the assignment has ${assignment.length} bytes, ${r1cs.columns} wires need ${r1cs.columns * ELEMENT_BYTES}`,
    );
  }
  const z = lazyElements(assignment);
  for (let x = 0; x < r1cs.A.rows; x++) {
    const [a, b, c] = [dotRow(r1cs.A, x, z), dotRow(r1cs.B, x, z), dotRow(r1cs.C, x, z)];
    if (r1cs.field.reduce(a * b - c) !== 0n) return describe(r1cs, x, z, sym);
  }
  return undefined;
}

type Wires = (wire: number) => bigint;

function lazyElements(assignment: Uint8Array): Wires {
  const view = viewOf(assignment);
  const cache: bigint[] = [];
  return (wire) => (cache[wire] ??= readElement(view, wire * ELEMENT_BYTES));
}

function dotRow(m: SparseMatrix, x: number, z: Wires): bigint {
  let sum = 0n;
  for (let e = m.rowStart[x]!; e < m.rowStart[x + 1]!; e++) {
    sum += m.table[m.coefficient[e]!]! * z(m.column[e]!);
  }
  return sum;
}

function describe(r1cs: R1CS, row: number, z: Wires, sym: Sym | undefined): Violation {
  const parts = [r1cs.A, r1cs.B, r1cs.C];
  const wires = [...new Set(parts.flatMap((m) => rowOf(m, row).map(([wire]) => wire)))].filter(
    (wire) => wire !== 0,
  );
  const signals = wires.map((wire) => wireName(sym, wire)).sort((a, b) => a.length - b.length);
  const component = commonComponent(signals);
  const [A, B, C] = parts.map((m) => showRow(m, row, r1cs, sym)) as [string, string, string];
  const [a, b, c] = parts.map((m) => showValue(r1cs.field, dotRow(m, row, z)));
  const values = wires
    .slice(0, MAX_SIGNALS_SHOWN)
    .map((wire) => `${wireName(sym, wire)} = ${showValue(r1cs.field, z(wire))}`);
  const message =
    `constraint ${row} in ${component} does not hold: (${A}) · (${B}) = ${C} gives ${a} · ${b} ≠ ${c}` +
    (values.length > 0 ? `, where ${values.join(", ")}` : "");
  return { row, signals, component, message };
}

/** The longest component path that all names share: ["p.ark[1].in[0]", "p.ark[1].out"] → "main.p.ark[1]". */
function commonComponent(names: readonly string[]): string {
  const paths = names.map((name) => name.split(".").slice(0, -1));
  const first = paths[0] ?? [];
  const differs = first.findIndex((part, k) => paths.some((path) => path[k] !== part));
  return ["main", ...(differs < 0 ? first : first.slice(0, differs))].join(".");
}

function showRow(m: SparseMatrix, row: number, { field }: R1CS, sym: Sym | undefined): string {
  const terms = rowOf(m, row);
  const shown = terms.slice(0, MAX_TERMS_SHOWN).map(([wire, coefficient]) => {
    const k = showValue(field, coefficient);
    if (wire === 0) return k;
    const name = wireName(sym, wire);
    return k === "1" ? name : k === "-1" ? `-${name}` : `${k}·${name}`;
  });
  if (terms.length > MAX_TERMS_SHOWN) shown.push(`${terms.length - MAX_TERMS_SHOWN} more terms`);
  return shown.length === 0 ? "0" : shown.join(" + ");
}

/** The representative of least magnitude: p − 1 reads −1; long ones are cut in the middle. */
function showValue(field: PrimeField, x: bigint): string {
  const value = field.reduce(x);
  const text = (2n * value > field.modulus ? value - field.modulus : value).toString();
  return text.length <= MAX_DIGITS_SHOWN ? text : `${text.slice(0, 8)}…${text.slice(-8)}`;
}
