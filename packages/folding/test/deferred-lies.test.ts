// Lies that no merge can see: false openings, false CycleFold instances, a fudged Q. The result is a node
// that merges on, however far; only opening all of u, U and Φ refuses it (§6, §7, §10).

import {
  Fp,
  G1,
  type Point,
  TAG,
  Transcript,
  horner,
  innerProduct,
  oddScalar,
  powers,
  shortChallenge,
} from "@foldmesh/algebra";
import {
  type CycleFoldWitness,
  type Quad,
  type Triple,
  cycleFoldWitness,
  evaluationsBlock,
  openingBlock,
  pointLimbs,
} from "@foldmesh/circuits";
import { beforeAll, describe, expect, test } from "vitest";
import { type CycleFolded, cycleFoldProve, foldFresh } from "../src/cyclefold.ts";
import {
  type Setup,
  type TreeNode,
  mergeHeader,
  mergeNodes,
  mergeSlots,
  verifyNode,
} from "../src/index.ts";
import { type Multifolded, multifoldProve, sumcheckRound } from "../src/multifold.ts";
import { eqAt, powAt } from "../src/multilinear.ts";
import { finishMerge } from "../src/node.ts";
import { commit } from "../src/setup.ts";
import { asMutable, edited, elementOf, recommittedPhi, resealed, setElement } from "./forge.ts";
import { type Scenario, next, scenario } from "./scenario.ts";
import { referenceRng } from "./support.ts";

let shared: Scenario;
let setup: Setup;
beforeAll(async () => {
  shared = await scenario();
  ({ setup } = shared);
}, 60_000);

const merge = (L: TreeNode, R: TreeNode): Promise<TreeNode> =>
  mergeNodes(setup, L, R, referenceRng("lie"));

/** Merges the lie and verifies it, then merges it once more and verifies that. */
async function verdicts(L: TreeNode, R: TreeNode, after: TreeNode): Promise<string[][]> {
  const node = await merge(L, R);
  return [await verifyNode(setup, node), await verifyNode(setup, await merge(node, after))];
}

// ---- an invalid accumulator on a leaf: merges take it, the root is refused

describe("a leaf's invalid accumulator is taken by merges and refused at the root", () => {
  test("U without an opening", async () => {
    const { leaf0, leaf1, leaf2 } = shared;
    const bad = edited(leaf0, ({ D }) => (D.U.C = asMutable(G1.neg(D.U.C))));
    expect(await verdicts(bad, leaf1, leaf2)).toEqual([["U: commitment"], ["U: commitment"]]);
  });

  test("Φ unsatisfied", async () => {
    const { leaf0, leaf1, leaf2 } = shared;
    const bad = await recommittedPhi(setup, leaf0, ({ phi }) => setElement(phi.W, 9, 5n));
    expect(await verdicts(bad, leaf1, leaf2)).toEqual([["phi: relation"], ["phi: relation"]]);
  });

  test.each([
    ["CX", "bX"],
    ["CW", "bW"],
    ["CE", "bE"],
  ] as const)("Φ.%s without an opening", async (name, blind) => {
    const { leaf0, leaf1 } = shared;
    const bad = edited(leaf0, ({ phi }) => (phi[blind] = 5n));
    expect(await verifyNode(setup, await merge(bad, leaf1))).toEqual([`phi: ${name}`]);
  });

  test("on the right child too", async () => {
    const { leaf0, leaf1 } = shared;
    const bad = edited(leaf1, ({ D }) => (D.U.C = asMutable(G1.neg(D.U.C))));
    expect(await verifyNode(setup, await merge(leaf0, bad))).toEqual(["U: commitment"]);
  });
});

test("a fresh commitment without an opening", async () => {
  const { leaf0, leaf1, leaf2 } = shared;
  const bad = edited(leaf1, ({ u }) => (u.C = asMutable(G1.neg(u.C))));
  expect(await verdicts(leaf0, bad, leaf2)).toEqual([["U: commitment"], ["U: commitment"]]);
});

// ---- a merger that deviates from the protocol

interface Deviation {
  /** The CycleFold fold to use instead. */
  readonly cycle?: (folded: Multifolded, points: Quad<Point>) => Promise<CycleFolded>;
  /** What replaces the multi-fold's result. */
  readonly folded?: (folded: Multifolded) => Promise<Multifolded>;
}

/** `mergeNodes` of a merger that does something else. */
function deviantMerge(L: TreeNode, R: TreeNode, { cycle, folded: replace }: Deviation) {
  return setup.exclusive(async () => {
    const F = setup.engine.Fp;
    const slots = mergeSlots(L, R);
    const honest = await multifoldProve(setup, mergeHeader(setup, L, R), slots, [
      { W: F.fromBytes(L.W), b: L.bW },
      { W: F.fromBytes(R.W), b: R.bW },
      { W: F.fromBytes(L.w), b: L.bw },
      { W: F.fromBytes(R.w), b: R.bw },
    ]);
    const folded = (await replace?.(honest)) ?? honest;
    const points = [slots.UL.C, slots.UR.C, slots.uL.C, slots.uR.C] as const;
    const prove = cycle ?? ((f) => foldHonestly(L, R, f, points));
    const cycled = await prove(folded, points);
    const instance = { ...folded.instance, C: cycled.Q };
    return finishMerge(setup, [L, R], { ...folded, instance }, cycled, referenceRng("deviant"));
  });
}

const foldHonestly = (
  L: TreeNode,
  R: TreeNode,
  { transcript, t }: Multifolded,
  points: Quad<Point>,
) => cycleFoldProve(setup, transcript, [L.phi, R.phi], { t, points }, referenceRng("cf"));

/** The fresh CycleFold instance with another Q in its public input. */
function claimingQ(t: bigint, points: Quad<Point>, Q: Point): Pick<CycleFoldWitness, "X" | "W"> {
  const { X, W } = cycleFoldWitness(t, points);
  return { X: [...X.slice(0, 10), ...Q], W };
}

const twice = (P: Point): Point => G1.add(P, P)!;

test("the deviant merger without a deviation makes valid nodes", async () => {
  const node = await deviantMerge(shared.leaf0, shared.leaf1, {});
  expect(await verifyNode(setup, node)).toEqual([]);
});

test("a false commitment fold, and what merges it on", async () => {
  const { leaf0, leaf1, leaf2 } = shared;
  const liar = await deviantMerge(leaf0, leaf1, {
    cycle(folded, points) {
      const fresh = claimingQ(folded.t, points, twice(folded.instance.C));
      return foldFresh(setup, folded.transcript, [leaf0.phi, leaf1.phi], fresh, referenceRng("cf"));
    },
  });
  const refused = ["U: commitment", "phi: relation"];
  expect(await verifyNode(setup, liar)).toEqual(refused);
  expect(await verifyNode(setup, await merge(liar, leaf2))).toEqual(refused);
});

test("a true fold of other commitments", async () => {
  // satisfied in itself, but the circuit commits to the children's own points
  const { leaf0, leaf1 } = shared;
  const liar = await deviantMerge(leaf0, leaf1, {
    cycle: (folded, [P0, P1, P2, P3]) =>
      foldHonestly(leaf0, leaf1, folded, [P0, P1, P2, twice(P3)] as const),
  });
  expect(await verifyNode(setup, liar)).toEqual(["U: commitment", "phi: CX"]);
});

test("a true fold by another ρ", async () => {
  const { leaf0, leaf1 } = shared;
  const liar = await deviantMerge(leaf0, leaf1, {
    cycle: (folded, points) => foldHonestly(leaf0, leaf1, { ...folded, t: folded.t ^ 1n }, points),
  });
  expect(await verifyNode(setup, liar)).toEqual(["U: commitment", "phi: CX"]);
});

test("hints that differ from what was committed", async () => {
  const { leaf0, leaf1 } = shared;
  const changing = (change: (cycle: CycleFolded) => Partial<CycleFolded>) =>
    deviantMerge(leaf0, leaf1, {
      async cycle(folded, points) {
        const cycle = await foldHonestly(leaf0, leaf1, folded, points);
        return { ...cycle, ...change(cycle) };
      },
    });
  // another CW or CT gives another r, so all that it weighs goes wrong together
  const everything = ["phi: CX", "phi: CW", "phi: CE"];
  const swapped = await changing(({ CT: [a, b, c] }) => ({ CT: [b, a, c] }));
  expect(await verifyNode(setup, swapped)).toEqual(everything);
  const other = await changing(({ CT }) => ({ CW: CT[0] }));
  expect(await verifyNode(setup, other)).toEqual(everything);
});

test("an opening that does not belong to the statement's range", async () => {
  // u.X still commits to the true statement, D claims another: the merge folds a u that it did not derive
  const altered = edited(shared.m01.node, ({ D }) => (D.zIn[0] = next(D.zIn[0]!)));
  await expect(merge(altered, shared.leaf2)).rejects.toMatchObject({
    violated: ["folded-instance"],
  });
  const node = await deviantMerge(altered, shared.leaf2, {
    folded: async (folded) => ({
      ...folded,
      instance: { ...folded.instance, X: foldedX(altered, folded) },
    }),
  });
  expect(await verifyNode(setup, node)).toEqual(["U: relation"]);
});

/** X' as the circuit derives it from the children's statements. */
function foldedX(L: TreeNode, { t }: Multifolded): bigint[] {
  const derived = resealed(setup, L, () => {});
  const slots = [L.D.U.X, shared.leaf2.D.U.X, derived.u.X, shared.leaf2.u.X];
  return L.D.U.X.map((_, n) =>
    horner(
      Fp,
      oddScalar(t),
      slots.map((X) => X[n]!),
    ),
  );
}

// ---- the false statement that everything but Φ's opening accepts

/**
 * A merge of a false leaf: one evaluation is chosen so that the sumcheck's last check holds, the folded
 * witness is shifted in m₁, m₂, m₃ to fit it, and Q is claimed to be that witness's commitment.
 */
function fudgedMerge(L: TreeNode, R: TreeNode): Promise<TreeNode> {
  return deviantMerge(L, R, {
    folded: (honest) => fudge(L, R, honest),
    cycle(folded, points) {
      const fresh = claimingQ(folded.t, points, folded.instance.C);
      return foldFresh(setup, folded.transcript, [L.phi, R.phi], fresh, referenceRng("cf"));
    },
  });
}

async function fudge(L: TreeNode, R: TreeNode, honest: Multifolded): Promise<Multifolded> {
  const { transcript, evals } = fudgedEvaluations(L, R, honest);
  const { t, value: rho } = shortChallenge(transcript.absorb(evaluationsBlock(evals, 0n)).lane1);
  const fold = (column: readonly bigint[]): bigint => horner(Fp, rho, column);
  const valuesAt = (e: Quad<Triple<bigint>>): bigint[] =>
    [0, 1, 2].map((j) => fold(e.map((values) => values[j]!)));
  const v = valuesAt(evals) as unknown as Triple<bigint>;
  const F = setup.engine.Fp;
  const witnesses = [L.W, R.W, L.w, R.w].map((bytes) => F.fromBytes(bytes));
  const W = await F.toBytes(F.horner(rho, witnesses));
  const slots = [L.D.U.X, R.D.U.X, L.u.X, R.u.X];
  const X = L.D.U.X.map((_, n) => fold(slots.map((slot) => slot[n]!)));
  const shift = v.map((value, j) => Fp.sub(value, valuesAt(honest.proof.evals)[j]!));
  await shiftMasks(W, honest.instance.r, shift);
  const opening = { W: F.fromBytes(W), b: fold([L.bW, R.bW, L.bw, R.bw]) };
  const C = await commit(setup.engine, setup.keys.w, opening.W, opening.b);
  const instance = { C, X, r: honest.instance.r, v };
  return { proof: { ...honest.proof, evals }, transcript, t, instance, opening };
}

/** θ_R's last evaluation solved from the last check; the transcript up to there, replayed. */
function fudgedEvaluations(L: TreeNode, R: TreeNode, { proof }: Multifolded) {
  const { dL, dR, kL, kR } = mergeHeader(setup, L, R);
  const transcript = new Transcript(setup.permute, TAG.transcript);
  const { lane1: gamma, lane2: tau } = transcript.absorb(
    openingBlock(
      { d: dL, k: kL, limbs: pointLimbs(L.u.C) },
      { d: dR, k: kR, limbs: pointLimbs(R.u.C) },
      0n,
    ),
  );
  const gammas = powers(Fp, gamma, 8);
  let claim = innerProduct(Fp, gammas.slice(0, 6), [...L.D.U.v, ...R.D.U.v]);
  const point: bigint[] = [];
  for (const message of proof.rounds) {
    const round = sumcheckRound(transcript, claim, message);
    point.push(round.challenge);
    claim = round.claim;
  }
  const [sL, sR, tL, [a, b, c]] = proof.evals;
  const pow = powAt(tau, point);
  const value =
    eqAt(L.D.U.r, point) * innerProduct(Fp, gammas.slice(0, 3), sL) +
    eqAt(R.D.U.r, point) * innerProduct(Fp, gammas.slice(3, 6), sR) +
    pow * (gammas[6]! * (tL[0] * tL[1] - tL[2]) + gammas[7]! * (a * b - c));
  const missing = Fp.mul(Fp.sub(claim, value), Fp.inv(pow * gammas[7]!));
  expect(missing).not.toBe(0n); // the leaf is false
  const evals: Quad<Triple<bigint>> = [sL, sR, tL, [a, b, Fp.sub(c, missing)]];
  return { transcript, evals };
}

/** Moves the three evaluations at r by `shift`, through m₁ (A), m₂ (B) and m₃ (A and C; B reads u_F + u_M). */
async function shiftMasks(
  W: Uint8Array,
  r: readonly bigint[],
  [dA, dB, dC]: readonly bigint[],
): Promise<void> {
  const { rows, maskStart } = setup.system.dims;
  const F = setup.engine.Fp;
  const eq = await F.toElements(F.slice(F.eqTable(r), rows - 3, rows));
  const m3 = Fp.mul(dC!, Fp.inv(eq[2]!));
  const m1 = Fp.mul(dA! - dC!, Fp.inv(eq[0]!));
  const m2 = Fp.mul(dB!, Fp.inv(eq[1]!));
  [m1, m2, m3].forEach((shift, n) => {
    setElement(W, maskStart + n, Fp.add(elementOf(W, maskStart + n), shift));
  });
}

test("a false statement with a fudged Q satisfies M and opens u and U: only Φ's relation refuses it", async () => {
  const { leaf0, leaf1, leaf2 } = shared;
  const lie = resealed(setup, leaf1, ({ D }) => (D.zOut = [1n, 1n]));
  await expect(merge(leaf0, lie)).rejects.toMatchObject({ violated: ["final-claim"] });

  const node = await fudgedMerge(leaf0, lie);
  expect(node.D).toMatchObject({ i: 0n, j: 2n, zIn: [3n, 4n], zOut: [1n, 1n] });
  expect(await verifyNode(setup, node)).toEqual(["phi: relation"]);

  const onwards = resealed(setup, leaf2, ({ D }) => (D.zIn = [1n, 1n]));
  const further = await fudgedMerge(node, onwards);
  expect(await verifyNode(setup, further)).toEqual(["phi: relation"]);
});
