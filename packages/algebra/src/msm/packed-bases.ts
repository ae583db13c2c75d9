import { fma51 } from "../codegen/fma51.ts";
import { int29 } from "../codegen/int29.ts";
import { PACKED_POINT } from "../codegen/point-layout.ts";
import { readElement, viewOf } from "../bytes.ts";
import { Fp } from "../field.ts";
import type { KeyDescriptor, WasmContext } from "../wasm/msm-port.ts";
import type { KeyTables } from "./plan.ts";

/** A key's bases as they lie in memory, for another device: coordinates x·R + offset modulo 2^256. */
export interface PackedBases {
  /** 64 little-endian bytes each, in the memory that threads share; the blinding base is not among them. */
  readonly bytes: Uint8Array;
  readonly R: bigint;
  readonly offset: bigint;
}

export function packedBases({ memory, backend }: WasmContext, key: KeyDescriptor): PackedBases {
  const { tables } = key.layout as Readonly<Record<keyof KeyTables, number>>;
  const form = backend === "fma51" ? fma51 : int29;
  const zero = form.pack(0n, Fp.modulus);
  return {
    bytes: new Uint8Array(memory.buffer, tables, key.length * PACKED_POINT),
    R: form.R,
    offset: readElement(viewOf(zero), 0),
  };
}
