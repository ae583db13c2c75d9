// Children that cannot be merged (§6, §10): refused while merging, by the rule of the circuit that names
// the lie. What a merge cannot see is in deferred-lies.test.ts.

import { Fp, G1, Grumpkin } from "@foldmesh/algebra";
import { beforeAll, expect, test } from "vitest";
import { type Setup, type TreeNode, mergeNodes, verifyNode } from "../src/index.ts";
import { bottomRunning } from "../src/mask.ts";
import {
  type Edit,
  type Mutable,
  asMutable,
  edited,
  recommitted,
  recommittedPhi,
  refusal,
  resealed,
  setElement,
} from "./forge.ts";
import { type Scenario, next, scenario, toyLeaf } from "./scenario.ts";
import { referenceRng } from "./support.ts";

let shared: Scenario;
let setup: Setup;
beforeAll(async () => {
  shared = await scenario();
  ({ setup } = shared);
}, 60_000);

const seal = (node: TreeNode, edit: Edit = () => {}): TreeNode => resealed(setup, node, edit);
type Pair = readonly [L: TreeNode, R: TreeNode];

test.each<[string, string[], (nodes: Scenario) => Pair]>([
  // order and range
  ["children swapped", ["adjacent-index", "adjacent-state"], ({ leaf0, leaf1 }) => [leaf1, leaf0]],
  ["merges swapped", ["adjacent-index", "adjacent-state"], ({ m01, m23 }) => [m23, m01.node]],
  ["a node with itself", ["adjacent-index", "adjacent-state"], ({ m01 }) => [m01.node, m01.node]],
  ["a gap", ["adjacent-index", "adjacent-state"], ({ leaf0, leaf2 }) => [leaf0, leaf2]],
  ["an overlap", ["adjacent-index", "adjacent-state"], ({ m01, leaf1 }) => [m01.node, leaf1]],
  [
    "the right steps under another index",
    ["adjacent-index"],
    ({ leaf0, leaf1 }) => [leaf0, edited(leaf1, ({ D }) => Object.assign(D, { i: 5n, j: 6n }))],
  ],
  // false leaves
  [
    "a leaf with a false output",
    ["final-claim"],
    ({ leaf0, leaf1 }) => [leaf0, seal(leaf1, ({ D }) => (D.zOut = [1n, 1n]))],
  ],
  [
    "a leaf with a false input",
    ["adjacent-state", "final-claim"],
    ({ leaf0, leaf1 }) => [leaf0, seal(leaf1, ({ D }) => (D.zIn[0] = next(D.zIn[0]!)))],
  ],
  [
    "a leaf whose u.X is not its statement's",
    ["folded-instance"],
    ({ leaf0, leaf1 }) => [leaf0, edited(leaf1, ({ D }) => (D.zOut = [1n, 1n]))],
  ],
  // kinds
  [
    "a merge called a leaf",
    ["right form: leaf rule"],
    ({ m01, m23 }) => [m01.node, seal(m23, (node) => (node.k = 0n))],
  ],
  [
    "a merge called a leaf of one step",
    ["final-claim"],
    ({ m01, m23 }) => [
      m01.node,
      seal(m23, (node) => {
        node.k = 0n;
        node.D.j = 3n;
      }),
    ],
  ],
  [
    "a leaf called a merge",
    ["final-claim"],
    ({ m01, leaf2 }) => [m01.node, seal(leaf2, (node) => (node.k = 1n))],
  ],
  [
    "a merge called a leaf, on the left",
    ["final-claim"],
    ({ m01, leaf2 }) => [
      seal(m01.node, (node) => {
        node.k = 0n;
        node.D.i = 1n;
      }),
      leaf2,
    ],
  ],
  // false merges
  [
    "a merge with a false output",
    ["final-claim"],
    ({ m01, m23 }) => [m01.node, seal(m23, ({ D }) => (D.zOut = [1n, 1n]))],
  ],
  [
    "a merge of another range",
    ["final-claim"],
    ({ m01, m23 }) => [m01.node, seal(m23, ({ D }) => (D.j += 1000n))],
  ],
  [
    "a merge with another pid",
    ["final-claim"],
    ({ m01, m23 }) => [m01.node, seal(m23, ({ D }) => (D.pid = next(D.pid)))],
  ],
  // running instances
  ...(["leaf0", "m23"] as const).flatMap((name): [string, string[], (s: Scenario) => Pair][] => {
    const pair =
      (edit: Edit) =>
      (nodes: Scenario): Pair =>
        name === "leaf0"
          ? [seal(nodes.leaf0, edit), nodes.leaf1]
          : [nodes.m01.node, seal(nodes.m23, edit)];
    return [
      [
        `${name}: another evaluation`,
        ["final-claim"],
        pair(({ D }) => (D.U.v[1] = next(D.U.v[1]!))),
      ],
      [`${name}: another point`, ["final-claim"], pair(({ D }) => (D.U.r[7] = next(D.U.r[7]!)))],
      [
        `${name}: another public input`,
        ["final-claim"],
        pair(({ D }) => (D.U.X[4] = next(D.U.X[4]!))),
      ],
    ];
  }),
  [
    "a merge whose accumulator was reset",
    ["final-claim"],
    ({ m01, m23 }) => {
      const { W, bW, phi, U, Phi } = bottomRunning(setup);
      return [m01.node, seal({ ...m23, W, bW, phi, D: { ...m23.D, U, Phi } })];
    },
  ],
  [
    "a merge whose Φ was negated",
    ["final-claim"],
    ({ m01, m23 }) => [
      m01.node,
      seal(m23, ({ D: { Phi } }) => (Phi.CW = asMutable(Grumpkin.neg(Phi.CW)))),
    ],
  ],
  [
    "a merge whose U.C was negated",
    ["final-claim"],
    ({ m01, m23 }) => [m01.node, seal(m23, ({ D: { U } }) => (U.C = asMutable(G1.neg(U.C))))],
  ],
])("%s", async (_, rules, pair) => {
  expect(await refusal(setup, ...pair(shared))).toEqual(rules);
});

test("a valid leaf that continues another state", async () => {
  const stray = await toyLeaf(setup, { i: 1, zIn: [9n, 9n], w: 5n, pid: 1n, seed: "stray" });
  expect(await verifyNode(setup, stray)).toEqual([]);
  expect(await refusal(setup, shared.leaf0, stray)).toEqual(["adjacent-state"]);
});

test("a leaf that continues with z and z' of one half each", async () => {
  const { leaf0, leaf1 } = shared;
  const half: Edit = ({ D }) => (D.zIn = [D.zIn[0]!, D.zOut[1]!]);
  expect(await refusal(setup, leaf0, seal(leaf1, half))).toEqual(["adjacent-state", "final-claim"]);
});

test.each<[string, number]>([
  ["the step", 5],
  ["a range bit", 2],
])("a leaf with an unsatisfying witness, honestly committed: %s", async (_, place) => {
  const change: Edit = ({ w }) => setElement(w, place, 12345n);
  const node = await recommitted(setup, shared.leaf1, change);
  expect(await refusal(setup, shared.leaf0, node)).toEqual(["final-claim"]);
});

test("a leaf that uses the merge block's columns gains nothing, and is a valid leaf", async () => {
  // with u_M = 0 the merge rows read a homogeneous system: anything but zeros breaks them
  const change: Edit = ({ w }) => setElement(w, 22, 1n);
  const node = await recommitted(setup, shared.leaf1, change);
  expect(await refusal(setup, shared.leaf0, node)).toEqual(["final-claim"]);
});

test("a merge with another CycleFold witness, honestly committed", async () => {
  const change: Edit = ({ phi }) => setElement(phi.W, 3, 5n);
  const node = seal(await recommittedPhi(setup, shared.m23, change));
  expect(await refusal(setup, shared.m01.node, node)).toEqual(["final-claim"]);
});

test("a node of another context, relabelled or not", async () => {
  const { leaf0, leaf1, leaf2 } = shared;
  const other: Setup = { ...setup, system: { ...setup.system, vk: next(setup.system.vk) } };
  const foreign = await mergeNodes(other, leaf0, leaf1, referenceRng("foreign"));
  expect(await refusal(setup, foreign, leaf2)).toEqual(["folded-instance"]);
  expect(await refusal(setup, seal(foreign), leaf2)).toEqual(["final-claim"]);
});

test("malformed children are refused before the fold: points, negative blinds, long arrays", async () => {
  const { leaf0, leaf1, m01, m23 } = shared;
  const loose = (edit: (node: any) => void) => edit as (node: Mutable<TreeNode>) => void;
  const cases: [string, Pair][] = [
    ["right form: Phi.C_X", [m01.node, seal(m23, ({ D }) => (D.Phi.CX = [1n, 1n]))]],
    ["right form: Phi.C_E", [leaf0, edited(leaf1, ({ D }) => (D.Phi.CE = [0n, 0n]))]],
    ["right form: u.C", [leaf0, edited(leaf1, ({ u }) => (u.C = [0n, 0n]))]],
    ["left form: b_w", [edited(leaf0, (node) => (node.bw -= Fp.modulus)), leaf1]],
    [
      "left form: u.X",
      [
        edited(
          leaf0,
          loose(({ u }) => u.X.push(0n)),
        ),
        leaf1,
      ],
    ],
    [
      "right form: kind",
      [
        m01.node,
        edited(
          m23,
          loose((node) => (node.k = 2n)),
        ),
      ],
    ],
  ];
  for (const [fault, pair] of cases) expect(await refusal(setup, ...pair)).toEqual([fault]);
});
