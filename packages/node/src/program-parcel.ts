// A program between threads: without its field, which has functions, and with its large arrays handed over instead of copied.

import { Fp } from "@foldmesh/algebra";
import type { Program } from "@foldmesh/r1cs";

type R1CS = Program["step"]["r1cs"];

export interface Parcel {
  readonly program: Omit<Program, "step">;
  readonly stateSize: number;
  readonly r1cs: Omit<R1CS, "field">;
}

export function pack({ step: { r1cs, stateSize }, ...program }: Program): {
  readonly parcel: Parcel;
  readonly buffers: readonly ArrayBuffer[];
} {
  const { field: _, ...plain } = r1cs;
  const wasm = program.wasm.slice(); // a part of the bundle, all of which would go with it
  const arrays = [r1cs.A, r1cs.B, r1cs.C].flatMap((m) => [m.rowStart, m.column, m.coefficient]);
  const buffers = [...arrays, program.sym.labelOfWire, wasm].map(({ buffer }) => buffer);
  const parcel = { program: { ...program, wasm }, stateSize, r1cs: plain };
  return { parcel, buffers: [...new Set(buffers)] as ArrayBuffer[] };
}

export const unpack = ({ program, stateSize, r1cs }: Parcel): Program => ({
  ...program,
  step: { stateSize, r1cs: { ...r1cs, field: Fp } },
});
