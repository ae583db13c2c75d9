// The merge circuit M over F_p (design page §6). Its one public output besides "one" is h = d(D_out).

import { Fp, type Point, TAG, assert } from "@foldmesh/algebra";
import type { R1CS } from "@foldmesh/r1cs";
import type { Builder } from "./builder.ts";
import { allocateCycleFoldMessage, foldCycleFold, squeezeR } from "./cyclefold-gadget.ts";
import { fixedBaseCommitment } from "./fixed-base-gadget.ts";
import {
  type AllocatedChild,
  type ForeignPoint,
  allocateChild,
  allocateForeignPoint,
  provenanceGadget,
} from "./merge-child.ts";
import {
  type MergeChild,
  type MergeInput,
  type MergeShape,
  type MergeTables,
  blankMergeInput,
} from "./merge-types.ts";
import {
  enforceFinalClaim,
  fold4,
  openTranscript,
  squeezeRho,
  verifySumcheck,
} from "./multifold-gadget.ts";
import { pointValue } from "./points.ts";
import { hashChainGadget, poseidonGadget } from "./poseidon.ts";
import { ShapeBuilder } from "./shape-builder.ts";
import {
  type ChildHeader,
  type Statement,
  instanceLength,
  mergePidBlock,
  statementElements,
} from "./statement.ts";
import { map3, map4 } from "./tuples.ts";
import { WitnessBuilder } from "./witness-builder.ts";

/** Public columns: the constant, and h. */
const MERGE_PUBLIC = 2;

interface MergeOutput<V> {
  readonly h: V;
  readonly D: Statement<V, ForeignPoint<V>>;
}

/**
 * Checks the two children (merge-child.ts), that they are adjacent, and the multifolding verifier on
 * [U_L, U_R, u_L, u_R]; computes the commitment C_X to the CycleFold instance that claims the folded
 * commitment Q, and folds it with Φ_L and Φ_R. **Q itself is a hint**: only opening Φ shows it true.
 */
function mergeCircuit<V>(
  cs: Builder<V>,
  tables: MergeTables,
  vkValue: bigint,
  input: MergeInput,
): MergeOutput<V> {
  const vk = cs.witness(vkValue);
  const L = allocateChild(cs, tables, vk, input.children[0]);
  const R = allocateChild(cs, tables, vk, input.children[1]);
  cs.endSection("nodes+hash");

  enforceAdjacent(cs, L.D, R.D);
  const transcript = openTranscript(cs, tables, header(L), header(R));
  const running = [L.D.U, R.D.U] as const;
  const sumcheck = verifySumcheck(cs, tables, transcript, running, input.rounds);
  cs.endSection("sumcheck");

  const evals = map4(input.evals, (e) => map3(e, (value) => cs.witness(value)));
  enforceFinalClaim(cs, transcript, running, sumcheck, evals);
  const { chain, tBits, rho } = squeezeRho(cs, tables, sumcheck.chain, evals);
  const X = L.D.U.X.map((x, n) => fold4(cs, rho, [x, R.D.U.X[n]!, L.freshX[n]!, R.freshX[n]!]));
  const v = map3([0, 1, 2], (j) =>
    fold4(
      cs,
      rho,
      map4(evals, (e) => e[j]!),
    ),
  );
  cs.endSection("final+fold");

  const Q = allocateForeignPoint(cs, input.Q);
  const message = allocateCycleFoldMessage(cs, input);
  const points = [L.D.U.C, R.D.U.C, L.freshC, R.freshC, Q];
  const coordinates = points.flatMap(({ xBits, yBits }) => [xBits, yBits]);
  const CX = fixedBaseCommitment(cs, tables.fixedBase, tBits, coordinates);
  cs.endSection("fixedbase");

  const rBits = squeezeR(cs, tables, chain, Q.limbs, message);
  const Phi = foldCycleFold(cs, rBits, L.D.Phi, R.D.Phi, CX, message);
  cs.endSection("cf-fold");

  const pid = joinProvenance(cs, tables, L, R);
  cs.endSection("pid");

  const U = { C: Q, X, r: sumcheck.point, v };
  const D = { i: L.D.i, j: R.D.j, zIn: L.D.zIn, zOut: R.D.zOut, pid, U, Phi };
  const h = hashChainGadget(
    cs,
    tables.poseidon17,
    TAG.statement,
    statementElements(vk, D, Q.limbs),
  );
  cs.enforceEqual(cs.publicInput(1, cs.value(h)), h, "output-hash");
  cs.endSection("out-hash");
  return { h, D };
}

const header = <V>({ d, k, freshC }: AllocatedChild<V>): ChildHeader<V> => ({
  d,
  k,
  limbs: freshC.limbs,
});

/** j_L = i_R and zOut_L = zIn_R */
function enforceAdjacent<V, G>(cs: Builder<V>, L: Statement<V, G>, R: Statement<V, G>): void {
  cs.enforceEqual(L.j, R.i, "adjacent-index");
  L.zOut.forEach((z, n) => cs.enforceEqual(z, R.zIn[n]!, "adjacent-state"));
}

/** pid' = Perm₄(3, pid*_L, pid*_R, 0)[0] */
function joinProvenance<V>(
  cs: Builder<V>,
  tables: MergeTables,
  L: AllocatedChild<V>,
  R: AllocatedChild<V>,
): V {
  const [left, right] = [provenanceGadget(cs, tables, L), provenanceGadget(cs, tables, R)];
  const block = mergePidBlock(cs.constant(TAG.pidMerge), left, right, cs.zero);
  return poseidonGadget(cs, tables.poseidon4, block, 1)[0]!;
}

/** The structure of M (public columns: 1, h) and its constraints by section. */
export function mergeStructure(
  a: number,
  s: number,
  tables: MergeTables,
): { readonly structure: R1CS; readonly sections: Readonly<Record<string, number>> } {
  const cs = new ShapeBuilder(Fp, MERGE_PUBLIC);
  mergeCircuit(cs, tables, 0n, blankMergeInput(a, s));
  return { structure: cs.structure(), sections: cs.sections };
}

export interface MergeWitness {
  /** The witness columns of M; worthless unless `violations` is empty. */
  readonly witness: bigint[];
  /** d(D) */
  readonly h: bigint;
  /** The merged statement. */
  readonly D: Statement;
  /** Labels of the violated rules, each once: why these children cannot be merged. */
  readonly violations: string[];
}

/** The assignment of M for two children and the messages of their fold, all canonical. */
export function mergeWitness(shape: MergeShape, vk: bigint, input: MergeInput): MergeWitness {
  assertDimensions(shape, input);
  const cs = new WitnessBuilder(Fp, MERGE_PUBLIC);
  const { h, D } = mergeCircuit(cs, shape.tables, vk, input);
  return {
    witness: cs.witnessValues(),
    h: cs.value(h),
    D: statementValues(cs, D, input.Q),
    violations: cs.violations(),
  };
}

/** Lengths decide what is hashed where; validating children is done before they come here. */
function assertDimensions({ a, s }: MergeShape, { children, rounds }: MergeInput): void {
  assert(rounds.length === s, `merge of ${rounds.length} rounds, expected ${s}`);
  const fits = ({ D: { zIn, zOut, U } }: MergeChild): boolean =>
    zIn.length === a && zOut.length === a && U.X.length === instanceLength(a) && U.r.length === s;
  assert(children.every(fits), `merge of a child of other dimensions than a = ${a}, s = ${s}`);
}

function statementValues<V, G>(cs: Builder<V>, D: Statement<V, G>, Q: Point): Statement {
  const value = (x: V): bigint => cs.value(x);
  const { U, Phi } = D;
  return {
    i: value(D.i),
    j: value(D.j),
    zIn: D.zIn.map(value),
    zOut: D.zOut.map(value),
    pid: value(D.pid),
    U: { C: Q, X: U.X.map(value), r: U.r.map(value), v: map3(U.v, value) },
    Phi: {
      CX: pointValue(cs, Phi.CX),
      CW: pointValue(cs, Phi.CW),
      CE: pointValue(cs, Phi.CE),
    },
  };
}
