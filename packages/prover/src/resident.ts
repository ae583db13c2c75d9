// A setup's matrices and keys live once in the engine's shared memory; other threads adopt them by
// descriptor.

import type { KeyDescriptor, MatrixDescriptor, WasmEngine } from "@foldmesh/algebra";
import { type MatrixTriple, type Setup, type System, setupOf } from "@foldmesh/folding";

type Triple = Readonly<Record<keyof MatrixTriple, MatrixDescriptor>>;

/** Plain data that `adopt` takes in another thread. */
export interface ResidentSetup {
  readonly system: System;
  readonly S: Triple;
  readonly CF: Triple;
  readonly keys: Readonly<Record<keyof Setup["keys"], KeyDescriptor>>;
}

/** The setup must have been loaded into `engine`. */
export function describe(engine: WasmEngine, { system, S, CF, keys }: Setup): ResidentSetup {
  const triple = ({ A, B, C }: MatrixTriple): Triple => ({
    A: engine.describeMatrix(A),
    B: engine.describeMatrix(B),
    C: engine.describeMatrix(C),
  });
  return {
    system,
    S: triple(S),
    CF: triple(CF),
    keys: {
      w: engine.describeKey(keys.w),
      cfw: engine.describeKey(keys.cfw),
      cfx: engine.describeKey(keys.cfx),
    },
  };
}

export function adopt(engine: WasmEngine, { system, S, CF, keys }: ResidentSetup): Setup {
  const triple = ({ A, B, C }: Triple): MatrixTriple => ({
    A: engine.adoptMatrix(A),
    B: engine.adoptMatrix(B),
    C: engine.adoptMatrix(C),
  });
  return setupOf(engine, system, {
    S: triple(S),
    CF: triple(CF),
    keys: {
      w: engine.adoptKey(keys.w),
      cfw: engine.adoptKey(keys.cfw),
      cfx: engine.adoptKey(keys.cfx),
    },
  });
}
