// Leaves and merges byte for byte as the reference makes them, from the reference's randomness.

import { beforeAll, describe, expect, test } from "vitest";
import {
  bigintEngine,
  elementsFromBytes,
  Fp,
  Fq,
  oddScalar,
  pointsToBytes,
} from "@foldmesh/algebra";
import { freshX, provenance, statementHash } from "@foldmesh/circuits";
import {
  type TreeNode,
  cycleFoldVerify,
  encodeNode,
  mergeHeader,
  mergeSlots,
  multifoldVerify,
  verifyNode,
} from "../src/index.ts";
import { type VectorTree, runMerge, scenario, toyLeaves } from "./scenario.ts";
import { digestBytes, readVectors, setupFor, wGenerators } from "./support.ts";
import { toyStep } from "./toy-step.ts";

const leafVectors = readVectors("leaf.json");
const structure = readVectors("structure.json");

/** SHA-256 of the encoded root: equal on every engine. */
const ROOT_SHA256 = "4356c2415fb14cc4fff65b0739e6bbb7d70209f41cafc8ac5c6ae0156a168a8b";

const runningVectors = (node: TreeNode) => ({ b: node.bW, WSha256: digestBytes(node.W) });

const phiVectors = (node: TreeNode) => {
  const { X, bX, bW, bE, W, E } = node.phi;
  return { X, bX, bW, bE, WSha256: digestBytes(W), ESha256: digestBytes(E) };
};

let tree: VectorTree;
beforeAll(async () => {
  ({ tree } = await scenario());
}, 60_000);

test("every generator is the reference's hash to the curve: a related one would break binding", async () => {
  const { h, cfx, cfw, cfh, cfoff } = tree.setup.system.generators;
  const points = { h: [h], cfx, cfw, cfh: [cfh], cfoff: [cfoff] };
  const digests = Object.entries(points).map(([label, list]) => [
    label,
    list.length,
    digestBytes(pointsToBytes(list)),
  ]);
  digests.push(["w", 32_768, digestBytes(await wGenerators())]);
  const expected = new Map(
    readVectors("hash-to-curve.json").labels.map(({ label, count, allUsedSha256 }: any) => [
      label,
      [label, count, allUsedSha256],
    ]),
  );
  expect(digests).toEqual(digests.map(([label]) => expected.get(label)));
});

test("structure", () => {
  const { system } = tree.setup;
  expect(system.s).toBe(structure.s);
  expect(system.digestCF).toBe(structure.digestCF);
  expect(system.digestS).toBe(structure.digestS);
  expect(system.vk).toBe(structure.vk);
  expect(system.dims).toMatchObject({
    stepRows: structure.dimensions.stepRows,
    mergeRows: structure.dimensions.mergeRows,
    witness: structure.dimensions.witness,
    maskStart: structure.dimensions.maskStart,
    libraStart: structure.dimensions.libraStart,
  });
});

describe.each([
  ["masked", 0],
  ["unmasked", 1],
] as const)("%s leaf", (name, index) => {
  test("is the reference's", () => {
    const expected = leafVectors[name];
    const leaf = tree.leaves[index]!;
    expect(leaf.D).toEqual(expected.statement);
    expect(leaf.u).toEqual(expected.instance);
    expect(leaf.bw).toBe(expected.draws.bw);
    expect(digestBytes(leaf.w)).toBe(expected.witnessSha256);
    expect(runningVectors(leaf)).toEqual(expected.running);
    expect(phiVectors(leaf)).toEqual(expected.cycleFold);
    expect(statementHash(tree.setup.permute, tree.setup.system.vk, leaf.D)).toBe(
      expected.statementHash,
    );
    expect(provenance(tree.setup.permute, leaf.k, leaf.D)).toBe(expected.provenance);
  });
});

describe.each([
  ["merge-leaf-leaf.json", () => tree.m01],
  ["merge-merge-leaf.json", () => tree.m012],
] as const)("%s", (file, run) => {
  const expected = readVectors(file);

  test("sumcheck and fold", () => {
    const { folded } = run();
    expect(folded.proof.rounds).toEqual(expected.rounds.map(({ c0, c2, c3 }: any) => [c0, c2, c3]));
    const { sigmaL, sigmaR, thetaL, thetaR } = expected.evals;
    expect(folded.proof.evals).toEqual([sigmaL, sigmaR, thetaL, thetaR]);
    expect(folded.t).toBe(expected.t);
    expect(folded.instance).toEqual(expected.folded);
  });

  test("CycleFold", () => {
    const { cycle, node } = run();
    const { Q, CW, CT, foldedOpening } = expected.cycleFold;
    expect(cycle.Q).toEqual(Q);
    expect(cycle.CW).toEqual(CW);
    expect(cycle.CT).toEqual([CT.T01, CT.T02, CT.T12]);
    expect(phiVectors(node)).toEqual(foldedOpening);
  });

  test("resulting node", () => {
    const { node } = run();
    expect(node.D).toEqual(expected.result.statement);
    expect(node.u).toEqual(expected.result.instance);
    expect(digestBytes(node.w)).toBe(expected.result.witnessSha256);
    expect(runningVectors(node)).toEqual(expected.foldedOpening);
    expect(node.u.X).toEqual(freshX(tree.setup.permute, tree.setup.system.vk, 1n, node.D));
  });
});

test.each([
  ["leaf + leaf", () => tree.m01],
  ["merge + leaf", () => tree.m012],
])("native verifiers agree with the circuit: %s", (_, of) => {
  const { L, R, folded, cycle, node } = of();
  const { permute, system } = tree.setup;
  const slots = mergeSlots(L, R);
  const header = mergeHeader(tree.setup, L, R);
  const verified = multifoldVerify(system, permute, header, slots, folded.proof)!;
  expect(verified.instance).toEqual(node.D.U);
  const points = [slots.UL.C, slots.UR.C, slots.uL.C, slots.uR.C] as const;
  const fold = { rho: oddScalar(verified.t), points };
  const Phi = cycleFoldVerify(system, verified.transcript, [L.D.Phi, R.D.Phi], fold, cycle);
  expect(Phi).toEqual(node.D.Phi);
});

test("the root verifies with its statement", async () => {
  const { setup, leaves, m012 } = tree;
  const expected = { i: 0n, j: 3n, zIn: [3n, 4n], zOut: leaves[2]!.D.zOut };
  expect(await verifyNode(setup, m012.node, expected)).toEqual([]);
}, 60_000);

test("vectors are canonical elements of their fields", () => {
  const { node } = tree.m012;
  expect(() => elementsFromBytes(node.W, Fp.modulus)).not.toThrow();
  expect(() => elementsFromBytes(node.phi.E, Fq.modulus)).not.toThrow();
});

test("encoded root", () => {
  const { setup, m012 } = tree;
  expect(digestBytes(encodeNode(setup.system, m012.node))).toBe(ROOT_SHA256);
});

test("the BigInt engine makes the same nodes, and verifies", async () => {
  const { system } = tree.setup;
  const setup = await setupFor(toyStep(), bigintEngine());
  const twins = await toyLeaves(setup, 2);
  const { node } = await runMerge(setup, twins[0]!, twins[1]!, "merge-0-1");
  const bytes = (nodes: readonly TreeNode[]) =>
    nodes.map((n) => digestBytes(encodeNode(system, n)));
  expect(bytes([...twins, node])).toEqual(bytes([...tree.leaves.slice(0, 2), tree.m01.node]));
  expect(await verifyNode(setup, twins[1]!)).toEqual([]); // a merge takes it five seconds
}, 60_000);
