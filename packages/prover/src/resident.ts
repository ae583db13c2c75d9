// A setup's matrices and keys live once in the engine's shared memory; other threads adopt them by
// descriptor.

import type { KeyDescriptor, MatrixDescriptor, SparseMatrix, WasmEngine } from "@foldmesh/algebra";
import type { Point } from "@foldmesh/algebra";
import {
  type Compressor,
  type MatrixTriple,
  type Structures,
  type System,
  setupOf,
} from "@foldmesh/folding";

type SparseTriple = Readonly<Record<keyof MatrixTriple, SparseMatrix>>;

/** The matrices themselves, in memory that threads share, for engines that keep them elsewhere. */
export interface SparseSetup {
  readonly S: SparseTriple;
  readonly CF: SparseTriple;
}

type Triple = Readonly<Record<keyof MatrixTriple, MatrixDescriptor>>;

/** Plain data that `adopt` takes in another thread. */
export interface ResidentSetup {
  readonly system: System;
  readonly S: Triple;
  readonly CF: Triple;
  readonly keys: Readonly<Record<keyof Compressor["keys"], KeyDescriptor>>;
  /** For compressed proofs. */
  readonly transposed: { readonly S: Triple; readonly CF: Triple };
  readonly ipaQ: { readonly G1: Point; readonly Grumpkin: Point };
  /** Where a thread has a GPU. */
  readonly sparse?: SparseSetup | undefined;
}

/** Copies of a system's matrices that all threads can read. */
export const shareMatrices = ({ S, CF }: Structures): SparseSetup => ({
  S: sharedTriple(S),
  CF: sharedTriple(CF),
});

const sharedTriple = ({ A, B, C }: SparseTriple): SparseTriple => ({
  A: sharedMatrix(A),
  B: sharedMatrix(B),
  C: sharedMatrix(C),
});

const sharedMatrix = ({
  rows,
  columns,
  rowStart,
  column,
  coefficient,
  table,
}: SparseMatrix): SparseMatrix => ({
  rows,
  columns,
  rowStart: sharedWords(rowStart),
  column: sharedWords(column),
  coefficient: sharedWords(coefficient),
  table,
});

function sharedWords(words: Uint32Array): Uint32Array {
  const shared = new Uint32Array(new SharedArrayBuffer(words.byteLength));
  shared.set(words);
  return shared;
}

/** The setup must have been loaded into `engine`. */
export function describe(engine: WasmEngine, setup: Compressor): ResidentSetup {
  const { system, S, CF, keys, verifier } = setup;
  const { transposed, ipaQ } = verifier;
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
    transposed: { S: triple(transposed.S), CF: triple(transposed.CF) },
    ipaQ,
  };
}

export function adopt(engine: WasmEngine, resident: ResidentSetup): Compressor {
  const { system, S, CF, keys, transposed, ipaQ } = resident;
  const triple = ({ A, B, C }: Triple): MatrixTriple => ({
    A: engine.adoptMatrix(A),
    B: engine.adoptMatrix(B),
    C: engine.adoptMatrix(C),
  });
  const setup = setupOf(engine, system, {
    S: triple(S),
    CF: triple(CF),
    keys: {
      w: engine.adoptKey(keys.w),
      cfw: engine.adoptKey(keys.cfw),
      cfx: engine.adoptKey(keys.cfx),
    },
  });
  const verifier = {
    ...setup,
    transposed: { S: triple(transposed.S), CF: triple(transposed.CF) },
    ipaQ,
  };
  return { ...setup, verifier };
}
