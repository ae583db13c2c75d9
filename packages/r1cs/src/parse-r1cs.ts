import { Fp, type SparseMatrix } from "@foldmesh/algebra";
import { onlySection, readPrime, readSections } from "./container.ts";
import { R1CSError } from "./errors.ts";
import { Reader } from "./reader.ts";
import { RowCollector } from "./row-collector.ts";
import type { R1CS } from "./structure.ts";

const HEADER = 1;
const CONSTRAINTS = 2;
const WIRE_TO_LABEL = 3;
const CUSTOM_GATES_LIST = 4;
const CUSTOM_GATES_USE = 5;

/** Bytes of one (u32 wire, element) factor. */
const FACTOR_BYTES = 36;
/** Three counts: the least that a constraint occupies. */
const LEAST_CONSTRAINT_BYTES = 12;

/** Limits on a circuit; a prover needs some hundred bytes per wire and row. */
export const R1CS_LIMITS: Readonly<Record<"constraints" | "wires" | "factors", number>> = {
  constraints: 2 ** 24,
  wires: 2 ** 24,
  factors: 2 ** 27,
};

/** Counts of signals in the header; wires are [1, outputs, public inputs, private …]. */
export interface CircomHeader {
  readonly wires: number;
  readonly outputs: number;
  readonly publicInputs: number;
  /** Private input signals, including those that optimisation removed from the wires. */
  readonly privateInputs: number;
  readonly labels: number;
  readonly constraints: number;
}

/** A circom circuit: publicCount = 1 + outputs + publicInputs. */
export interface CircomR1CS extends R1CS {
  readonly header: CircomHeader;
}

/**
 * Reads a circom .r1cs file (iden3 r1cs_bin_format, version 1): sections in any order, unknown ones
 * skipped. Factors are sorted by wire, equal wires of a row added up, coefficients reduced, zeros
 * dropped. Declared counts are checked against the bytes before anything is allocated for them.
 * @throws R1CSError MALFORMED, UNSUPPORTED (other prime, version, custom gates), TOO_LARGE
 */
export function parseR1CS(bytes: Uint8Array): CircomR1CS {
  const sections = readSections(bytes, "r1cs", 1);
  const header = readHeader(onlySection(sections, HEADER, "header"));
  for (const type of [CUSTOM_GATES_LIST, CUSTOM_GATES_USE]) {
    for (const body of sections.get(type) ?? []) refuseCustomGates(body);
  }
  const labels = sections.get(WIRE_TO_LABEL) ?? [];
  checkLabels(labels, header);
  const [A, B, C] = readConstraints(onlySection(sections, CONSTRAINTS, "constraints"), header);
  const publicCount = 1 + header.outputs + header.publicInputs;
  if (labels.length === 0) checkUse([A, B, C], header);
  return { field: Fp, columns: header.wires, publicCount, A, B, C, header };
}

function readHeader(body: Uint8Array): CircomHeader {
  const reader = new Reader(body, "the .r1cs header");
  readPrime(reader);
  const [wires, outputs, publicInputs, privateInputs] = [
    reader.u32(),
    reader.u32(),
    reader.u32(),
    reader.u32(),
  ];
  const header = {
    wires,
    outputs,
    publicInputs,
    privateInputs,
    labels: reader.u64(),
    constraints: reader.u32(),
  };
  reader.end();
  checkLimit("wires", wires, R1CS_LIMITS.wires);
  checkLimit("constraints", header.constraints, R1CS_LIMITS.constraints);
  if (1 + outputs + publicInputs > wires) {
    throw new R1CSError(
      "MALFORMED",
      `the .r1cs header counts ${outputs} outputs and ${publicInputs} public inputs among only ${wires} wires`,
    );
  }
  return header;
}

function checkLimit(what: string, count: number, limit: number): void {
  if (count <= limit) return;
  throw new R1CSError(
    "TOO_LARGE",
    `the circuit has ${count} ${what}; at most ${limit} are read: make a step smaller`,
  );
}

function refuseCustomGates(body: Uint8Array): void {
  if (new Reader(body, "the custom gates section").u32() === 0) return;
  throw new R1CSError(
    "UNSUPPORTED",
    "the circuit uses custom gates, which a rank-1 constraint system has not: compile without `pragma custom_templates`",
  );
}

function checkLabels(bodies: readonly Uint8Array[], header: CircomHeader): void {
  if (bodies.length === 0) return;
  const bytes = bodies.reduce((n, body) => n + body.length, 0);
  if (bodies.length === 1 && bytes === 8 * header.wires) return;
  throw new R1CSError(
    "MALFORMED",
    `the wire map of ${header.wires} wires must have ${8 * header.wires} bytes in one section, it has ${bytes} in ${bodies.length}`,
  );
}

/** A wire costs a verifier as much as a constraint does, so every one must have cost its sender some bytes. */
function checkUse(matrices: Matrices, { wires, outputs, publicInputs }: CircomHeader): void {
  const factors = matrices.reduce((n, { column }) => n + column.length, 0);
  if (wires <= 1 + outputs + publicInputs + factors) return;
  throw new R1CSError(
    "MALFORMED",
    `the header declares ${wires} wires, ${factors} factors cannot use them all, and there is no wire map that names them`,
  );
}

type Matrices = [A: SparseMatrix, B: SparseMatrix, C: SparseMatrix];

function readConstraints(body: Uint8Array, header: CircomHeader): Matrices {
  const counts = countFactors(body, header);
  const collectors = counts.map((factors) => new RowCollector(header.constraints, factors));
  const reader = new Reader(body, "the constraints section");
  for (let x = 0; x < header.constraints; x++) {
    for (const collector of collectors) {
      for (let left = reader.u32(); left > 0; left--) {
        collector.add(reader.u32(), Fp.reduce(reader.integer()));
      }
      collector.endRow();
    }
  }
  return collectors.map((collector) => collector.build(header.wires)) as Matrices;
}

/** Walks the section without keeping anything: factors per matrix. Checks bounds, wires and the end. */
function countFactors(body: Uint8Array, header: CircomHeader): [number, number, number] {
  if (header.constraints * LEAST_CONSTRAINT_BYTES > body.length) {
    throw new R1CSError(
      "MALFORMED",
      `the header declares ${header.constraints} constraints; ${body.length} bytes cannot hold them`,
    );
  }
  const reader = new Reader(body, "the constraints section");
  const counts: [number, number, number] = [0, 0, 0];
  for (let x = 0; x < header.constraints; x++) {
    for (let k = 0; k < 3; k++) {
      const factors = reader.u32();
      checkWires(reader.slice(factors * FACTOR_BYTES), x, header.wires);
      counts[k as 0 | 1 | 2] += factors;
    }
  }
  reader.end();
  checkLimit("coefficients", Math.max(...counts), R1CS_LIMITS.factors);
  return counts;
}

function checkWires(factors: Uint8Array, row: number, wires: number): void {
  const view = new DataView(factors.buffer, factors.byteOffset, factors.byteLength);
  for (let offset = 0; offset < factors.length; offset += FACTOR_BYTES) {
    const wire = view.getUint32(offset, true);
    if (wire < wires) continue;
    throw new R1CSError("MALFORMED", `constraint ${row} uses wire ${wire} of ${wires}`);
  }
}
