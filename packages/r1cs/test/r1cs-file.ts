// Writes .r1cs files for tests, right and wrong.

import { ELEMENT_BYTES, Fp, concatBytes, viewOf, writeElement } from "@foldmesh/algebra";

type Factors = readonly (readonly [wire: number, coefficient: bigint])[];
type Constraint = readonly [a: Factors, b: Factors, c: Factors];

export interface FileParts {
  readonly magic: string;
  readonly version: number;
  readonly prime: bigint;
  readonly wires: number;
  readonly outputs: number;
  readonly publicInputs: number;
  readonly privateInputs: number;
  readonly labels: bigint;
  /** What the header says; the list's length by default. */
  readonly declaredConstraints?: number;
  readonly constraints: readonly Constraint[];
  readonly order: readonly ("header" | "constraints" | "map" | "unknown" | "customGates")[];
}

/** out = in² + w: wires [1, out, in, w], one constraint. */
export const SQUARE: FileParts = {
  magic: "r1cs",
  version: 1,
  prime: Fp.modulus,
  wires: 4,
  outputs: 1,
  publicInputs: 1,
  privateInputs: 1,
  labels: 4n,
  constraints: [
    [
      [[2, 1n]],
      [[2, 1n]],
      [
        [1, 1n],
        [3, Fp.modulus - 1n],
      ],
    ],
  ],
  order: ["constraints", "header", "map"],
};

export function encodeFile(parts: Partial<FileParts> = {}): Uint8Array {
  const all = { ...SQUARE, ...parts };
  const bodies = {
    header: () => [1, header(all)] as const,
    constraints: () => [2, concatBytes(...all.constraints.flat().map(encodeFactors))] as const,
    map: () => [3, new Uint8Array(8 * Math.min(all.wires, 1000))] as const,
    customGates: () => [4, u32(1)] as const,
    unknown: () => [77, Uint8Array.of(1, 2, 3)] as const,
  };
  const sections = all.order.map((name) => {
    const [type, body] = bodies[name]();
    return section(type, body);
  });
  const magic = new TextEncoder().encode(all.magic);
  return concatBytes(magic, u32(all.version), u32(sections.length), ...sections);
}

function header(parts: FileParts): Uint8Array {
  const { wires, outputs, publicInputs, privateInputs, constraints } = parts;
  const labels = new Uint8Array(8);
  viewOf(labels).setBigUint64(0, parts.labels, true);
  return concatBytes(
    u32(ELEMENT_BYTES),
    element(parts.prime),
    ...[wires, outputs, publicInputs, privateInputs].map(u32),
    labels,
    u32(parts.declaredConstraints ?? constraints.length),
  );
}

const encodeFactors = (factors: Factors): Uint8Array =>
  concatBytes(u32(factors.length), ...factors.flatMap(([wire, k]) => [u32(wire), element(k)]));

function section(type: number, body: Uint8Array): Uint8Array {
  const size = new Uint8Array(8);
  viewOf(size).setBigUint64(0, BigInt(body.length), true);
  return concatBytes(u32(type), size, body);
}

function u32(x: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, x, true);
  return bytes;
}

function element(x: bigint): Uint8Array {
  const bytes = new Uint8Array(ELEMENT_BYTES);
  writeElement(viewOf(bytes), 0, x);
  return bytes;
}
