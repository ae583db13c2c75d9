// Nodes of the proof tree (§4): a statement with everything needed to fold it further.

import {
  ELEMENT_BYTES,
  Fp,
  type Rng,
  type Vec,
  areCanonical,
  concatBytes,
  elementsFromBytes,
  elementsToBytes,
} from "@foldmesh/algebra";
import {
  type FreshInstance,
  type Statement,
  freshX,
  mergeWitness,
  provenance,
  statementHash,
} from "@foldmesh/circuits";
import {
  type CycleFoldOpening,
  type CycleFolded,
  cycleFoldFailures,
  cycleFoldProve,
  openingChecks,
} from "./cyclefold.ts";
import { FoldingError, MergeRejected } from "./errors.ts";
import {
  bottomRunning,
  evaluateMatrices,
  freshMask,
  randomCycleFold,
  randomRunning,
} from "./mask.ts";
import { type Header, type Multifolded, type Slots, multifoldProve } from "./multifold.ts";
import { type Setup, commit, products } from "./setup.ts";
import {
  type Kind,
  firstFault,
  freshChecks,
  isStatement,
  sameFresh,
  sameList,
  samePoint,
  sameRunning,
  statementChecks,
} from "./statement.ts";
import type { System } from "./system.ts";

/**
 * A node with its openings: the uncompressed proof of its statement. **Whoever receives a node's
 * state learns witnesses of the steps below it, masked leaves or not.** Plain data, independent of any
 * engine; vectors are 32-byte little-endian elements.
 */
export interface TreeNode {
  readonly k: Kind;
  readonly D: Statement;
  readonly u: FreshInstance;
  readonly w: Uint8Array;
  readonly bw: bigint;
  /** Opening of D.U. */
  readonly W: Uint8Array;
  readonly bW: bigint;
  /** Opening of D.Phi. */
  readonly phi: CycleFoldOpening;
}

export interface LeafInit {
  /** Index of the leaf, 0 ≤ i < 2³² − 1. */
  readonly i: bigint;
  /** Full step assignment [1, z'(a), z(a), private…], 32-byte little-endian elements. */
  readonly assignment: Uint8Array;
  /** Salted hash of the contributor's key. A claim: no circuit checks it. */
  readonly pid: bigint;
  /** true: (U, Φ) uniform instead of bottom. Every prover masks the first leaf of its shard (§4). */
  readonly mask: boolean;
}

/**
 * Proves one leaf: one commitment, mostly of small scalars.
 * Draws: m₁, m₂, m₃, b_w; masked, then those of `randomRunning` and of `randomCycleFold`.
 * @throws FoldingError ASSIGNMENT when the assignment does not satisfy the step circuit
 */
export async function proveLeaf(
  setup: Setup,
  { i, assignment, pid, mask }: LeafInit,
  rng: Rng,
): Promise<TreeNode> {
  const { engine, permute, system } = setup;
  const { a } = system;
  const { X, stepWitness } = splitAssignment(system, assignment);
  return setup.exclusive(async () => {
    const F = engine.Fp;
    const w = F.concat([
      F.fromBytes(stepWitness),
      F.zeros(system.dims.mergeWitness),
      F.fromElements(freshMask(system, rng)),
    ]);
    const bw = rng.element(Fp);
    const running = mask
      ? { ...(await randomRunning(setup, rng)), ...(await randomCycleFold(setup, rng)) }
      : bottomRunning(setup);
    const D: Statement = {
      i,
      j: i + 1n,
      zIn: X.slice(1 + a, 1 + 2 * a),
      zOut: X.slice(1, 1 + a),
      pid,
      U: running.U,
      Phi: running.Phi,
    };
    if (!isStatement(system, 0n, D)) {
      throw new FoldingError("ASSIGNMENT", "leaf index or contributor id out of range");
    }
    const u = {
      C: await commit(engine, setup.keys.w, w, bw),
      X: freshX(permute, system.vk, 0n, D),
    };
    if (!(await satisfies(setup, u.X, w))) {
      throw new FoldingError("ASSIGNMENT", "the assignment does not satisfy the step circuit");
    }
    return {
      k: 0n,
      D,
      u,
      w: await F.toBytes(w),
      bw,
      W: running.W,
      bW: running.bW,
      phi: running.phi,
    };
  });
}

function splitAssignment(
  { a, dims }: System,
  assignment: Uint8Array,
): { X: bigint[]; stepWitness: Uint8Array } {
  const publicBytes = ELEMENT_BYTES * (1 + 2 * a);
  const expected = publicBytes + ELEMENT_BYTES * dims.stepWitness;
  if (!areCanonical(assignment, Fp.modulus)) {
    throw new FoldingError("ASSIGNMENT", "an element of the assignment is not below the modulus");
  }
  if (assignment.length !== expected) {
    throw new FoldingError(
      "ASSIGNMENT",
      `expected an assignment of ${expected} bytes, got ${assignment.length}`,
    );
  }
  const X = elementsFromBytes(assignment.subarray(0, publicBytes), Fp.modulus);
  if (X[0] !== 1n) throw new FoldingError("ASSIGNMENT", "wire 0 of an assignment must be 1");
  return { X, stepWitness: assignment.subarray(publicBytes) };
}

/** Az ∘ Bz = Cz for z = X ‖ w. */
async function satisfies({ engine, S }: Setup, X: readonly bigint[], w: Vec): Promise<boolean> {
  const F = engine.Fp;
  const [az, bz, cz] = products(F, S, F.concat([F.fromElements(X), w]));
  return F.isZero(F.sub(F.mul(az, bz), cz));
}

/** The four slots of a merge. */
export const mergeSlots = (L: TreeNode, R: TreeNode): Slots => ({
  UL: L.D.U,
  UR: R.D.U,
  uL: L.u,
  uR: R.u,
});

export const mergeHeader = ({ permute, system }: Setup, L: TreeNode, R: TreeNode): Header => ({
  dL: statementHash(permute, system.vk, L.D),
  dR: statementHash(permute, system.vk, R.D),
  kL: L.k,
  kR: R.k,
});

/** Intermediates of a merge, for tests and for the profile of its stages. */
export interface MergeTrace {
  stage(name: MergeStage): void;
  folded?(folded: Multifolded, cycle: CycleFolded): void;
}
export type MergeStage = "fold" | "cyclefold" | "witness" | "commit";

/**
 * Merges two adjacent nodes (§5). Draws: CycleFold's b_W and b_T1…3, then m₁, m₂, m₃, b_w.
 *
 * Assumes children whose openings are true: a wrong opening or a false CycleFold instance below survives
 * into the result and is refused by `verifyNode`. Verify what strangers send before merging it.
 * @throws MergeRejected when the children do not make a satisfying merge
 */
export async function mergeNodes(
  setup: Setup,
  L: TreeNode,
  R: TreeNode,
  rng: Rng,
  trace?: MergeTrace,
): Promise<TreeNode> {
  requireWellFormed(setup, L, R);
  const { engine } = setup;
  return setup.exclusive(async () => {
    const F = engine.Fp;
    const slots = mergeSlots(L, R);
    const folded = await multifoldProve(setup, mergeHeader(setup, L, R), slots, [
      { W: F.fromBytes(L.W), b: L.bW },
      { W: F.fromBytes(R.W), b: R.bW },
      { W: F.fromBytes(L.w), b: L.bw },
      { W: F.fromBytes(R.w), b: R.bw },
    ]);
    trace?.stage("fold");
    const fold = {
      t: folded.t,
      points: [slots.UL.C, slots.UR.C, slots.uL.C, slots.uR.C] as const,
    };
    const cycle = await cycleFoldProve(setup, folded.transcript, [L.phi, R.phi], fold, rng);
    trace?.stage("cyclefold");
    trace?.folded?.(folded, cycle);
    return finishMerge(setup, [L, R], folded, cycle, rng, trace);
  });
}

function requireWellFormed({ system }: Setup, ...nodes: TreeNode[]): void {
  nodes.forEach((node, n) => {
    const fault = formFault(system, node);
    if (fault !== null) throw new MergeRejected([`${n === 0 ? "left" : "right"} form: ${fault}`]);
  });
}

/** Runs the merge circuit on the folding results and commits to its witness. */
export async function finishMerge(
  setup: Setup,
  [L, R]: readonly [TreeNode, TreeNode],
  folded: Multifolded,
  cycle: CycleFolded,
  rng: Rng,
  trace?: MergeTrace,
): Promise<TreeNode> {
  const { engine, permute, system } = setup;
  const F = engine.Fp;
  const { witness, D, violations } = mergeWitness(system, system.vk, {
    children: [
      { k: L.k, D: L.D, C: L.u.C },
      { k: R.k, D: R.D, C: R.u.C },
    ],
    ...folded.proof,
    Q: cycle.Q,
    CW: cycle.CW,
    CT: cycle.CT,
  });
  if (violations.length > 0) throw new MergeRejected([...new Set(violations)]);
  // the children's X must be the one the circuit derived, or the native fold went another way
  if (!sameRunning(D.U, folded.instance)) throw new MergeRejected(["folded-instance"]);
  trace?.stage("witness");
  const w = F.concat([
    F.zeros(system.dims.stepWitness),
    F.fromElements(witness),
    F.fromElements(freshMask(system, rng)),
  ]);
  const bw = rng.element(Fp);
  const C = await commit(engine, setup.keys.w, w, bw);
  const node: TreeNode = {
    k: 1n,
    D,
    u: { C, X: freshX(permute, system.vk, 1n, D) },
    w: await F.toBytes(w),
    bw,
    W: await F.toBytes(folded.opening.W),
    bW: folded.opening.b,
    phi: cycle.phi,
  };
  trace?.stage("commit");
  return node;
}

/**
 * The same node with m₁, m₂, m₃ and the blind of its fresh instance redrawn. A fresh instance hides behind
 * them in one compressed proof only. Draws: m₁, m₂, m₃, b_w.
 */
export async function remask(setup: Setup, node: TreeNode, rng: Rng): Promise<TreeNode> {
  const { engine, system, keys } = setup;
  const fault = formFault(system, node);
  if (fault !== null) throw new FoldingError("DECODE", `not a node of this program: ${fault}`);
  const mask = elementsToBytes(freshMask(system, rng));
  const w = concatBytes(node.w.subarray(0, ELEMENT_BYTES * system.dims.maskStart), mask);
  const bw = rng.element(Fp);
  const C = await setup.exclusive(() => commit(engine, keys.w, engine.Fp.fromBytes(w), bw));
  return { ...node, w, bw, u: { ...node.u, C } };
}

/** The statement the caller expects; what is left out is taken as the node claims it. */
export interface Expectation {
  readonly i?: bigint;
  readonly j?: bigint;
  readonly zIn?: readonly bigint[];
  readonly zOut?: readonly bigint[];
  /** Compared with `provenance(k, D)`, never with D.pid. */
  readonly provenance?: bigint;
}

/**
 * Full native verification (§8). Returns the names of the failed checks; an empty list means that the
 * node is valid and its statement is the expected one.
 *
 * Without an expectation the node proves only what it itself claims: compare D afterwards.
 */
export async function verifyNode(
  setup: Setup,
  node: TreeNode,
  expected: Expectation = {},
): Promise<string[]> {
  const { engine, permute, system } = setup;
  const fault = formFault(system, node);
  if (fault !== null) return [`form: ${fault}`];
  const { k, D, u } = node;
  const differing = statementFailures(setup, node, expected);
  if (differing.length > 0) return differing;
  const derived = { C: u.C, X: freshX(permute, system.vk, k, D) };
  if (!sameFresh(u, derived)) return ["u: X"];
  return setup.exclusive(async () => {
    const failures: string[] = [];
    const w = engine.Fp.fromBytes(node.w);
    const W = engine.Fp.fromBytes(node.W);
    const check = (ok: boolean, name: string): void => {
      if (!ok) failures.push(name);
    };
    check(await opens(setup, w, node.bw, u), "u: commitment");
    check(await satisfies(setup, u.X, w), "u: relation");
    check(isUnmaskedLibra(system, node.w), "u: Libra columns"); // or no compressed proof of it exists
    check(await opens(setup, W, node.bW, D.U), "U: commitment");
    check(sameList(await evaluateMatrices(setup, D.U.r, D.U.X, W), D.U.v), "U: relation");
    return [...failures, ...(await cycleFoldFailures(setup, D.Phi, node.phi))];
  });
}

async function opens(
  { engine, keys }: Setup,
  v: Vec,
  blind: bigint,
  { C }: Pick<FreshInstance, "C">,
): Promise<boolean> {
  const point = await engine.commit(keys.w, v, blind);
  return point !== null && samePoint(point, C);
}

/** What of a well-formed node's statement is not as expected: the first part of `verifyNode`, and no proof of anything. */
export function statementFailures(
  { permute }: Pick<Setup, "permute">,
  { k, D }: TreeNode,
  expected: Expectation,
): string[] {
  const failures: string[] = [];
  const check = <T>(name: string, want: T | undefined, ok: (want: T) => boolean): void => {
    if (want !== undefined && !ok(want)) failures.push(`statement: ${name}`);
  };
  check("i", expected.i, (i) => i === D.i);
  check("j", expected.j, (j) => j === D.j);
  check("z", expected.zIn, (z) => sameList(z, D.zIn));
  check("z'", expected.zOut, (z) => sameList(z, D.zOut));
  check("pid", expected.provenance, (pid) => pid === provenance(permute, k, D));
  return failures;
}

export const isUnmaskedLibra = ({ dims }: System, w: Uint8Array): boolean =>
  w.subarray(ELEMENT_BYTES * dims.libraStart).every((byte) => byte === 0);

/**
 * The first part of a node that is not well formed, or null: sizes, canonical elements, points on their
 * curves, the leaf rule. Takes anything, and never throws.
 */
export function formFault(system: System, node: TreeNode): string | null {
  const bytes = ELEMENT_BYTES * system.dims.witness;
  return firstFault([
    ...statementChecks(system, node?.k, node?.D),
    ...freshChecks(system, node?.u),
    ["b_w", () => Fp.isCanonical(node.bw)],
    ["w", () => isVectorBytes(node.w, bytes)],
    ["b_W", () => Fp.isCanonical(node.bW)],
    ["W", () => isVectorBytes(node.W, bytes)],
    ...openingChecks(system, node?.phi),
  ]);
}

const isVectorBytes = (bytes: unknown, length: number): boolean =>
  bytes instanceof Uint8Array && bytes.length === length && areCanonical(bytes, Fp.modulus);
