// Leaves and merges byte for byte as the reference makes them, from the reference's randomness.

import { beforeAll, describe, expect, test } from "vitest";
import { elementsFromBytes, Fp, Fq } from "@foldmesh/algebra";
import { freshX, provenance, statementHash } from "@foldmesh/circuits";
import {
  type Setup,
  type TreeNode,
  cycleFoldVerify,
  mergeHeader,
  mergeNodes,
  mergeSlots,
  multifoldVerify,
  proveLeaf,
  verifyNode,
} from "../src/index.ts";
import type { CycleFolded } from "../src/cyclefold.ts";
import type { Multifolded } from "../src/multifold.ts";
import { oddScalar } from "@foldmesh/algebra";
import { assignmentBytes, digestBytes, readVectors, referenceRng, setupFor } from "./support.ts";
import { toyAssignment, toyStep } from "./toy-step.ts";

const leafVectors = readVectors("leaf.json");
const structure = readVectors("structure.json");

let setup: Setup;
const leaves: TreeNode[] = [];
interface Run {
  node: TreeNode;
  folded: Multifolded;
  cycle: CycleFolded;
}
let m01: Run;
let m012: Run;

async function runMerge(L: TreeNode, R: TreeNode, seed: string): Promise<Run> {
  let intermediates: { folded: Multifolded; cycle: CycleFolded } | undefined;
  const node = await mergeNodes(setup, L, R, referenceRng(seed), {
    stage() {},
    folded: (folded, cycle) => (intermediates = { folded, cycle }),
  });
  return { node, ...intermediates! };
}

beforeAll(async () => {
  setup = setupFor(toyStep());
  let z: readonly [bigint, bigint] = [3n, 4n];
  for (let i = 0; i < 3; i++) {
    const assignment = toyAssignment(z, BigInt(1000 + i));
    leaves.push(
      await proveLeaf(
        setup,
        {
          i: BigInt(i),
          assignment: assignmentBytes(assignment),
          pid: BigInt(11 + i),
          mask: i === 0,
        },
        referenceRng(`leaf-${i}`),
      ),
    );
    z = [assignment[1]!, assignment[2]!];
  }
  m01 = await runMerge(leaves[0]!, leaves[1]!, "merge-0-1");
  m012 = await runMerge(m01.node, leaves[2]!, "merge-01-2");
}, 120_000);

test("structure", () => {
  const { system } = setup;
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

const runningVectors = (node: TreeNode) => ({ b: node.bW, WSha256: digestBytes(node.W) });

const phiVectors = (node: TreeNode) => {
  const { X, bX, bW, bE, W, E } = node.phi;
  return { X, bX, bW, bE, WSha256: digestBytes(W), ESha256: digestBytes(E) };
};

describe.each([
  ["masked", 0],
  ["unmasked", 1],
] as const)("%s leaf", (name, index) => {
  test("is the reference's", () => {
    const expected = leafVectors[name];
    const leaf = leaves[index]!;
    expect(leaf.D).toEqual(expected.statement);
    expect(leaf.u).toEqual(expected.instance);
    expect(leaf.bw).toBe(expected.draws.bw);
    expect(digestBytes(leaf.w)).toBe(expected.witnessSha256);
    expect(runningVectors(leaf)).toEqual(expected.running);
    expect(phiVectors(leaf)).toEqual(expected.cycleFold);
    expect(statementHash(setup.permute, setup.system.vk, leaf.D)).toBe(expected.statementHash);
    expect(provenance(setup.permute, leaf.k, leaf.D)).toBe(expected.provenance);
  });
});

describe.each([
  ["merge-leaf-leaf.json", () => m01],
  ["merge-merge-leaf.json", () => m012],
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
    expect(node.u.X).toEqual(freshX(setup.permute, setup.system.vk, 1n, node.D));
  });
});

test.each([
  ["leaf + leaf", () => [leaves[0]!, leaves[1]!, m01] as const],
  ["merge + leaf", () => [m01.node, leaves[2]!, m012] as const],
])("native verifiers agree with the circuit: %s", (_, of) => {
  const [L, R, run] = of();
  const { permute, system } = setup;
  const slots = mergeSlots(L, R);
  const verified = multifoldVerify(
    system,
    permute,
    mergeHeader(setup, L, R),
    slots,
    run.folded.proof,
  );
  expect(verified?.instance).toEqual(run.node.D.U);
  const points = [slots.UL.C, slots.UR.C, slots.uL.C, slots.uR.C];
  const fold = { rho: oddScalar(verified!.t), points };
  const Phi = cycleFoldVerify(system, verified!.transcript, [L.D.Phi, R.D.Phi], fold, run.cycle);
  expect(Phi).toEqual(run.node.D.Phi);
});

test("every node verifies with its statement", async () => {
  for (const node of [leaves[0]!, leaves[1]!, m01.node, m012.node]) {
    expect(await verifyNode(setup, node)).toEqual([]);
  }
  const expected = { i: 0n, j: 3n, zIn: [3n, 4n], zOut: leaves[2]!.D.zOut };
  expect(await verifyNode(setup, m012.node, expected)).toEqual([]);
}, 60_000);

test("vectors are canonical elements of their fields", () => {
  expect(() => elementsFromBytes(m012.node.W, Fp.modulus)).not.toThrow();
  expect(() => elementsFromBytes(m012.node.phi.E, Fq.modulus)).not.toThrow();
});
