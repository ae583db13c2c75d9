import type { Point } from "@foldmesh/algebra";
import { type FixedBaseTables, fixedBaseTables } from "./fixed-base.ts";
import { type PoseidonForms, poseidonForms } from "./poseidon-forms.ts";
import { type Statement, instanceLength } from "./statement.ts";
import type { Pair, Quad, Triple } from "./tuples.ts";

/** The constants that the merge circuit embeds. The same for every job: build them once a process. */
export interface MergeTables {
  readonly fixedBase: FixedBaseTables;
  readonly poseidon4: PoseidonForms;
  readonly poseidon17: PoseidonForms;
}

/** From the Grumpkin generators `cfx` (12) and `cfoff`. */
export const mergeTables = (cfx: readonly Point[], cfoff: Point): MergeTables => ({
  fixedBase: fixedBaseTables(cfx, cfoff),
  poseidon4: poseidonForms(4),
  poseidon17: poseidonForms(17),
});

/** What selects one merge circuit: state size, log₂ of the rows of the whole structure, constants. */
export interface MergeShape {
  readonly a: number;
  readonly s: number;
  readonly tables: MergeTables;
}

/** One child: kind (0 leaf, 1 merge), statement, and the commitment of its fresh instance. */
export interface MergeChild {
  readonly k: bigint;
  readonly D: Statement;
  readonly C: Point;
}

/** Two children with the messages of their fold. */
export interface MergeInput {
  readonly children: Pair<MergeChild>;
  /** s sumcheck messages (c0, c2, c3). */
  readonly rounds: readonly Triple<bigint>[];
  /** Evaluations of A, B, C at r' for U_L, U_R, u_L, u_R. */
  readonly evals: Quad<Triple<bigint>>;
  /** The folded commitment, as the CycleFold instance claims it. */
  readonly Q: Point;
  /** Commitments of the fresh CycleFold witness and of the cross terms T01, T02, T12. */
  readonly CW: Point;
  readonly CT: Triple<Point>;
}

/** All-zero input of the right dimensions, for shaping. */
export function blankMergeInput(a: number, s: number): MergeInput {
  const zeros = (n: number): bigint[] => Array.from({ length: n }, () => 0n);
  const triple: Triple<bigint> = [0n, 0n, 0n];
  const point: Point = [0n, 0n];
  const U = { C: point, X: zeros(instanceLength(a)), r: zeros(s), v: triple };
  const Phi = { CX: point, CW: point, CE: point };
  const D: Statement = { i: 0n, j: 0n, zIn: zeros(a), zOut: zeros(a), pid: 0n, U, Phi };
  const child: MergeChild = { k: 0n, D, C: point };
  return {
    children: [child, child],
    rounds: Array.from({ length: s }, () => triple),
    evals: [triple, triple, triple, triple],
    Q: point,
    CW: point,
    CT: [point, point, point],
  };
}
