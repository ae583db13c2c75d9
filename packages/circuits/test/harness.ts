import type { PrimeField } from "@foldmesh/algebra";
import { MATRICES, type R1CS, multiplyMatrix, rowOf } from "@foldmesh/r1cs";
import { type Builder, ShapeBuilder, WitnessBuilder } from "../src/index.ts";

/** Circuit code under test: the same for both modes. Public columns: the constant only. */
export type Circuit = <V>(cs: Builder<V>) => void;

export interface Built {
  readonly structure: R1CS;
  /** 1 ‖ witness */
  readonly z: bigint[];
  readonly violations: string[];
}

export function build(field: PrimeField, circuit: Circuit): Built {
  const shape = new ShapeBuilder(field, 1);
  circuit(shape);
  const { z, violations } = assign(field, circuit);
  return { structure: shape.structure(), z, violations };
}

/** Witness mode only. */
export function assign(field: PrimeField, circuit: Circuit): Omit<Built, "structure"> {
  const witness = new WitnessBuilder(field, 1);
  circuit(witness);
  const z = [...witness.publicValues(), ...witness.witnessValues()];
  return { z, violations: witness.violations() };
}

/** Rows x with (Az)_x·(Bz)_x ≠ (Cz)_x. */
export function violatedRows(structure: R1CS, z: readonly bigint[]): number[] {
  const { field } = structure;
  const [a, b, c] = MATRICES.map((name) => multiplyMatrix(field, structure[name], z));
  const rows = a!.map((value, x) => field.reduce(value * b![x]! - c![x]!));
  return rows.flatMap((value, x) => (value === 0n ? [] : [x]));
}

type Delta = [dA: bigint, dB: bigint, dC: bigint];

/** For every column, what adding 1 to it adds to ⟨A_x,z⟩, ⟨B_x,z⟩, ⟨C_x,z⟩ of the rows that mention it. */
function deltasByColumn(structure: R1CS): Map<number, Delta>[] {
  const columns = Array.from({ length: structure.columns }, () => new Map<number, Delta>());
  MATRICES.forEach((name, k) => {
    for (let x = 0; x < structure[name].rows; x++) {
      for (const [column, coefficient] of rowOf(structure[name], x)) {
        const delta = columns[column]!.get(x) ?? [0n, 0n, 0n];
        delta[k] = coefficient;
        columns[column]!.set(x, delta);
      }
    }
  });
  return columns;
}

/** Witness columns of a satisfying z to which 1 can be added without violating any constraint. */
export function freeColumns(structure: R1CS, z: readonly bigint[]): number[] {
  const { field, publicCount, columns } = structure;
  const products = MATRICES.map((name) => multiplyMatrix(field, structure[name], z));
  const deltas = deltasByColumn(structure);
  const breaks = (x: number, delta: Delta): boolean => {
    const [a, b, c] = products.map((v, k) => v[x]! + delta[k]!);
    return field.reduce(a! * b! - c!) !== 0n;
  };
  const isFree = (column: number): boolean =>
    ![...deltas[column]!].some(([x, delta]) => breaks(x, delta));
  return Array.from({ length: columns - publicCount }, (_, k) => publicCount + k).filter(isFree);
}
