// Honest trees: any shape, 1 to 20 leaves, masks anywhere, a = 1 … 4, steps smaller and larger than the merge
// circuit. At every merge the native verifiers agree with the circuit; every root verifies.

import { oddScalar } from "@foldmesh/algebra";
import { mergePid, provenance } from "@foldmesh/circuits";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Setup,
  type TreeNode,
  cycleFoldVerify,
  mergeHeader,
  mergeSlots,
  multifoldVerify,
  proveLeaf,
  verifyNode,
} from "../src/index.ts";
import { runMerge, scenario, toyLeaf, toyLeaves } from "./scenario.ts";
import {
  assignmentBytes,
  productAssignment,
  productStep,
  referenceRng,
  setupFor,
} from "./support.ts";

/** Merges, and checks that both native verifiers come to what the circuit computed. */
async function mergeChecked(setup: Setup, L: TreeNode, R: TreeNode): Promise<TreeNode> {
  const { permute, system } = setup;
  const { node, folded, cycle } = await runMerge(setup, L, R, `${L.D.i}-${L.D.j}-${R.D.j}`);
  const slots = mergeSlots(L, R);
  const header = mergeHeader(setup, L, R);
  const verified = multifoldVerify(system, permute, header, slots, folded.proof)!;
  expect(verified.instance).toEqual(node.D.U);
  const points = [slots.UL.C, slots.UR.C, slots.uL.C, slots.uR.C] as const;
  const fold = { rho: oddScalar(verified.t), points };
  const Phi = cycleFoldVerify(system, verified.transcript, [L.D.Phi, R.D.Phi], fold, cycle);
  expect(Phi).toEqual(node.D.Phi);
  return node;
}

/** A binary tree over leaves in order. */
type Shape = number | readonly [Shape, Shape];

/** Leaves [start, end), each range cut where `cut` says. */
function shapeOf(start: number, end: number, cut: (start: number, end: number) => number): Shape {
  if (end - start === 1) return start;
  const middle = cut(start, end);
  return [shapeOf(start, middle, cut), shapeOf(middle, end, cut)];
}

async function grow(setup: Setup, leaves: readonly TreeNode[], shape: Shape): Promise<TreeNode> {
  if (typeof shape === "number") return leaves[shape]!;
  const [left, right] = shape;
  return mergeChecked(setup, await grow(setup, leaves, left), await grow(setup, leaves, right));
}

/** The pid that a tree of this shape must have. */
function expectedPid(setup: Setup, leaves: readonly TreeNode[], shape: Shape): bigint {
  if (typeof shape === "number") return provenance(setup.permute, 0n, leaves[shape]!.D);
  const [left, right] = shape.map((half) => expectedPid(setup, leaves, half));
  return mergePid(setup.permute, left!, right!);
}

async function expectRoot(setup: Setup, leaves: readonly TreeNode[], shape: Shape): Promise<void> {
  const root = await grow(setup, leaves, shape);
  const expected = {
    i: leaves[0]!.D.i,
    j: leaves.at(-1)!.D.j,
    zIn: leaves[0]!.D.zIn,
    zOut: leaves.at(-1)!.D.zOut,
    provenance: expectedPid(setup, leaves, shape),
  };
  expect(await verifyNode(setup, root, expected)).toEqual([]);
}

describe("trees of the toy step", () => {
  const MOST = 20;
  let setup: Setup;
  let leaves: TreeNode[];
  let masked: TreeNode[];

  beforeAll(async () => {
    ({ setup } = await scenario());
    leaves = await toyLeaves(setup, MOST);
    masked = [];
    for (const { D } of leaves.slice(0, 5)) {
      const { zIn, pid } = D;
      const i = Number(D.i);
      masked.push(await toyLeaf(setup, { i, zIn, w: BigInt(1000 + i), pid, mask: true }));
    }
  }, 60_000);

  test.each([1, 3, MOST])(
    "balanced, %d leaves",
    async (n) => {
      const balanced = shapeOf(0, n, (start, end) => (start + end) >> 1);
      await expectRoot(setup, leaves.slice(0, n), balanced);
    },
    60_000,
  );

  test("any shape, masks anywhere, not from index 0", async () => {
    const tree = fc.record({
      start: fc.integer({ min: 0, max: 2 }),
      n: fc.integer({ min: 2, max: 4 }),
      cuts: fc.array(fc.nat(99), { minLength: 4, maxLength: 4 }),
      masks: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(tree, async ({ start, n, cuts, masks }) => {
        const end = Math.min(start + n, 5);
        const chosen = leaves.slice(0, 5).map((leaf, i) => (masks[i]! ? masked[i]! : leaf));
        let used = 0;
        const cut = (from: number, to: number): number =>
          from + 1 + (cuts[used++ % cuts.length]! % (to - from - 1));
        const shape = shapeOf(0, end - start, cut);
        await expectRoot(setup, chosen.slice(start, end), shape);
      }),
      {
        numRuns: 4,
        examples: [[{ start: 0, n: 4, cuts: [2, 0, 0, 0], masks: Array(5).fill(false) }]],
      },
    );
  }, 60_000);
});

/** vk as the reference derives it from the same matrices. */
const PROGRAMS: { a: number; idleRows: number; s: number; vk: bigint }[] = [
  {
    a: 1,
    idleRows: 0,
    s: 15,
    vk: 0xa3a3f930aa1c47044a75bff2b7f4f605dc8825d2e68baba81d1ba65697a7ba0n,
  },
  {
    a: 2,
    idleRows: 30_000,
    s: 16,
    vk: 0xc79254d14f6ec95239b38eed7263dbf54a8946d85196534cf0f29b92ebc6b13n,
  },
  {
    a: 3,
    idleRows: 40_000,
    s: 17,
    vk: 0x2725244bb73b2119852a604c607cd1a16d793ed356bd8c8f93fc0442fe0692edn,
  },
  {
    a: 4,
    idleRows: 0,
    s: 15,
    vk: 0x2601a4b95bc2981cfcf47134f7a699e7f9b4ef185fc44feb5f9e13426eb25cen,
  },
];

describe.each(PROGRAMS)("a step with a = $a and $idleRows idle rows", ({ a, idleRows, s, vk }) => {
  let setup: Setup;
  beforeAll(async () => {
    setup = await setupFor(productStep(a, idleRows));
  }, 60_000);

  test("system", () => {
    expect(setup.system).toMatchObject({ a, s, vk });
  });

  test("a masked leaf, leaf + leaf, merge + leaf", async () => {
    const leaves: TreeNode[] = [];
    let z = Array.from({ length: a }, (_, n) => BigInt(n + 2));
    for (let i = 0n; i < 3n; i++) {
      const assignment = assignmentBytes(productAssignment(z, i, idleRows));
      const init = { i, assignment, pid: i, mask: i === 0n };
      leaves.push(await proveLeaf(setup, init, referenceRng(`product-${a}-${i}`)));
      z = [...leaves.at(-1)!.D.zOut];
    }
    await expectRoot(setup, leaves, [[0, 1], 2]);
  }, 60_000);

  test("a false step is refused", async () => {
    const z = Array.from({ length: a }, () => 2n);
    const honest = productAssignment(z, 1n, idleRows);
    for (const wire of [1, a, 1 + a, 1 + 2 * a, ...(idleRows > 0 ? [honest.length - 1] : [])]) {
      const assignment = assignmentBytes(honest.with(wire, 12345n));
      const leaf = proveLeaf(
        setup,
        { i: 0n, assignment, pid: 1n, mask: false },
        referenceRng("no"),
      );
      await expect(leaf).rejects.toMatchObject({ code: "ASSIGNMENT" });
    }
  }, 60_000);
});
