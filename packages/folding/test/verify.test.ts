// The node verifier against forged nodes (§8, §10): each lie is refused by the check that names it, and by
// no other. Byte-level changes of every field are in encoding.test.ts, malformed ones in form.test.ts.

import { Fp, Fq, G1, Grumpkin } from "@foldmesh/algebra";
import { leafPid, mergePid, provenance } from "@foldmesh/circuits";
import { beforeAll, describe, expect, test } from "vitest";
import { type Setup, type TreeNode, mergeNodes, proveLeaf, verifyNode } from "../src/index.ts";
import {
  type Edit,
  asMutable,
  edited,
  elementOf,
  recommitted,
  recommittedPhi,
  resealed,
  setElement,
} from "./forge.ts";
import { type Scenario, next, scenario, toyLeaf } from "./scenario.ts";
import { assignmentBytes, referenceRng } from "./support.ts";
import { toyAssignment } from "./toy-step.ts";

let shared: Scenario;
let setup: Setup;
beforeAll(async () => {
  shared = await scenario();
  ({ setup } = shared);
}, 60_000);

const verify = (node: TreeNode): Promise<string[]> => verifyNode(setup, node);

// ---- honest

test("leaves and merges, masked and not, verify", async () => {
  const { leaf0, leaf1, m01, m012, m23 } = shared;
  for (const node of [leaf0, leaf1, m01.node, m012.node, m23])
    expect(await verify(node)).toEqual([]);
});

test("verifications at the same time do not disturb each other", async () => {
  const { leaf0, m01, m012 } = shared;
  const forged = edited(m012.node, ({ W }) => setElement(W, 3, 1n));
  const verdicts = [m01.node, forged, leaf0, m012.node, forged, m01.node].map(verify);
  const refused = ["U: commitment", "U: relation"];
  expect(await Promise.all(verdicts)).toEqual([[], refused, [], [], refused, []]);
});

// ---- what the caller expects

describe("a valid node with another statement than expected", () => {
  const expectation = async () => {
    const { m012, leaf2 } = shared;
    const pid = m012.node.D.pid;
    return { i: 0n, j: 3n, zIn: [3n, 4n], zOut: leaf2.D.zOut, provenance: pid };
  };

  test("is accepted where nothing differs", async () => {
    expect(await verifyNode(setup, shared.m012.node, await expectation())).toEqual([]);
  });

  test.each<[string, object]>([
    ["i", { i: 1n }],
    ["i", { i: Fp.modulus }],
    ["j", { j: 4n }],
    ["z", { zIn: [3n, 5n] }],
    ["z", { zIn: [4n, 3n] }],
    ["z", { zIn: [3n] }],
    ["z", { zIn: [3n, 4n, 0n] }],
    ["z", { zIn: [] }],
    ["z", { zIn: Array(2) }],
    ["z", { zIn: [3n + Fp.modulus, 4n] }],
    ["z'", { zOut: [3n, 4n] }],
    ["z'", { zOut: [] }],
    ["pid", { provenance: 0n }],
  ])("%s", async (name, other) => {
    const expected = { ...(await expectation()), ...other };
    expect(await verifyNode(setup, shared.m012.node, expected)).toEqual([`statement: ${name}`]);
  });

  test("in everything: every difference is named", async () => {
    const expected = { i: 1n, j: 9n, zIn: [0n, 0n], zOut: [0n, 0n], provenance: 5n };
    const names = ["i", "j", "z", "z'", "pid"].map((name) => `statement: ${name}`);
    expect(await verifyNode(setup, shared.m012.node, expected)).toEqual(names);
  });

  test("of a leaf: its provenance is expected, not the pid it claims", async () => {
    const { leaf1 } = shared;
    const expected = leafPid(setup.permute, leaf1.D.pid, 1n);
    expect(await verifyNode(setup, leaf1, { provenance: expected })).toEqual([]);
    const claimed = { provenance: leaf1.D.pid };
    expect(await verifyNode(setup, leaf1, claimed)).toEqual(["statement: pid"]);
  });
});

// ---- u.X and the statement

test.each<[string, Edit]>([
  ["i", ({ D }) => (D.i += 1n)],
  ["j", ({ D }) => (D.j += 1n)],
  ["z", ({ D }) => (D.zIn[0] = next(D.zIn[0]!))],
  ["z'", ({ D }) => (D.zOut[1] = next(D.zOut[1]!))],
  ["z and z' swapped", ({ D }) => ([D.zIn, D.zOut] = [D.zOut, D.zIn])],
  ["pid", ({ D }) => (D.pid = next(D.pid))],
  ["U.C", ({ D }) => (D.U.C = asMutable(G1.neg(D.U.C)))],
  ["U.X", ({ D }) => (D.U.X[6] = 1n)],
  ["U.r", ({ D }) => (D.U.r[0] = 1n)],
  ["U.v", ({ D }) => (D.U.v[2] = 1n)],
  ["Φ.C_X", ({ D }) => (D.Phi.CX = asMutable(Grumpkin.neg(D.Phi.CX)))],
  ["Φ.C_W", ({ D }) => (D.Phi.CW = asMutable(Grumpkin.neg(D.Phi.CW)))],
  ["Φ.C_E", ({ D }) => (D.Phi.CE = asMutable(Grumpkin.neg(D.Phi.CE)))],
  ["Φ's points swapped", ({ D }) => ([D.Phi.CX, D.Phi.CW] = [D.Phi.CW, D.Phi.CX])],
  ["u.X's h", ({ u }) => (u.X[6] = next(u.X[6]!))],
  ["u.X's u_F, switched on", ({ u }) => (u.X[0] = 1n)],
  ["u.X's u_M, switched off", ({ u }) => (u.X[5] = 0n)],
  ["u.X's inactive block", ({ u }) => (u.X[2] = 1n)],
  ["u.X all zero", ({ u }) => (u.X = u.X.map(() => 0n))],
])("a merge with another %s is refused by u.X", async (_, edit) => {
  expect(await verify(edited(shared.m012.node, edit))).toEqual(["u: X"]);
});

test.each<[string, Edit]>([
  ["z", ({ D }) => (D.zIn[0] = next(D.zIn[0]!))],
  ["z'", ({ D }) => (D.zOut[0] = next(D.zOut[0]!))],
  ["u.X's output", ({ u }) => (u.X[1] = next(u.X[1]!))],
  ["u.X's u_F", ({ u }) => (u.X[0] = 2n)],
  ["u.X's merge block, switched on", ({ u }) => (u.X[5] = 1n)],
  ["u.X all zero: the zero row satisfies everything", ({ u }) => (u.X = u.X.map(() => 0n))],
])("a leaf with another %s is refused by u.X", async (_, edit) => {
  expect(await verify(edited(shared.leaf0, edit))).toEqual(["u: X"]);
});

test.each<[string, () => TreeNode, Edit]>([
  ["leaf, false output", () => shared.leaf0, ({ D }) => (D.zOut[0] = next(D.zOut[0]!))],
  ["leaf, false input", () => shared.leaf1, ({ D }) => (D.zIn[0] = next(D.zIn[0]!))],
  ["leaf called a merge", () => shared.leaf1, (node) => (node.k = 1n)],
  ["merge, false output", () => shared.m012.node, ({ D }) => (D.zOut[0] = next(D.zOut[0]!))],
  ["merge, another range", () => shared.m012.node, ({ D }) => (D.j += 1n)],
  ["merge, another pid", () => shared.m012.node, ({ D }) => (D.pid = 11n)],
  [
    "merge called a leaf of one step",
    () => shared.m012.node,
    (node) => {
      node.k = 0n;
      node.D.j = 1n;
    },
  ],
])("sealed anew: %s is refused by the relation", async (_, node, edit) => {
  expect(await verify(resealed(setup, node(), edit))).toEqual(["u: relation"]);
});

test("another context's leaf is valid here, its merge is not: vk is in d(D)", async () => {
  const other = { ...setup, system: { ...setup.system, vk: next(setup.system.vk) } };
  const { leaf0, leaf1 } = shared;
  const merge = await mergeNodes(other, leaf0, leaf1, referenceRng("other"));
  expect(await verifyNode(other, merge)).toEqual([]);
  expect(await verify(merge)).toEqual(["u: X"]);
  expect(await verify(resealed(setup, merge, () => {}))).toEqual(["u: relation"]);
});

// ---- openings

test.each<[string, string[], Edit]>([
  ["w's step block", ["u: commitment", "u: relation"], ({ w }) => setElement(w, 0, 77n)],
  ["m₁, which no rule reads", ["u: commitment"], ({ w }) => setElement(w, 22 + 26_466, 77n)],
  [
    "w, Libra column",
    ["u: commitment", "u: Libra columns"],
    ({ w }) => setElement(w, w.length / 32 - 1, 1n),
  ],
  ["W, Libra column", ["U: commitment"], ({ W }) => setElement(W, W.length / 32 - 1, 1n)],
  ["b_w negated", ["u: commitment"], (node) => (node.bw = Fp.neg(node.bw))],
  ["b_W negated", ["U: commitment"], (node) => (node.bW = Fp.neg(node.bW))],
  ["u.C negated", ["u: commitment"], ({ u }) => (u.C = asMutable(G1.neg(u.C)))],
  [
    "both openings exchanged",
    ["u: commitment", "u: relation", "u: Libra columns", "U: commitment", "U: relation"],
    (node) => {
      [node.w, node.W] = [node.W, node.w];
      [node.bw, node.bW] = [node.bW, node.bw];
    },
  ],
])("a merge with another %s", async (_, checks, edit) => {
  expect(await verify(edited(shared.m012.node, edit))).toEqual(checks);
});

test.each<[string, string[], Edit]>([
  ["evaluation", ["U: relation"], ({ D }) => (D.U.v[0] = next(D.U.v[0]!))],
  ["point", ["U: relation"], ({ D }) => (D.U.r[2] = next(D.U.r[2]!))],
  ["public input", ["U: relation"], ({ D }) => (D.U.X[0] = next(D.U.X[0]!))],
  ["commitment", ["U: commitment"], ({ D }) => (D.U.C = asMutable(G1.neg(D.U.C)))],
  ["Libra column", ["U: commitment"], ({ W }) => setElement(W, W.length / 32 - 1, 1n)],
  ["φ.X", ["phi: CX", "phi: relation"], ({ phi }) => (phi.X[3] = Fq.add(phi.X[3]!, 1n))],
  ["φ.X₀, the relaxation", ["phi: CX", "phi: relation"], ({ phi }) => (phi.X[0] = 1n)],
])("a leaf whose masked accumulator has another %s", async (_, checks, edit) => {
  expect(await verify(edited(shared.leaf0, edit))).toEqual(checks);
});

test("an unmasked leaf with another evaluation, which its zero witness does not have", async () => {
  const node = edited(shared.leaf1, ({ D }) => (D.U.v[0] = 1n));
  expect(await verify(node)).toEqual(["U: relation"]);
});

test("a witness committed to anew is refused by the relation alone", async () => {
  for (const place of [100, 22, 26_487, 22 + 26_466 + 2]) {
    const change: Edit = ({ w }) => setElement(w, place, Fp.add(elementOf(w, place), 1n));
    const node = await recommitted(setup, shared.m012.node, change);
    expect(await verify(node)).toEqual(place === 22 + 26_466 + 2 ? [] : ["u: relation"]);
  }
});

test("a Libra column in a fresh witness is refused, though it satisfies everything", async () => {
  const node = await recommitted(setup, shared.m012.node, ({ w }) =>
    setElement(w, w.length / 32 - 1, 1n),
  );
  expect(await verify(node)).toEqual(["u: Libra columns"]);
});

test("a φ committed to anew is refused by the relaxed relation alone", async () => {
  const edits: Edit[] = [
    ({ phi }) => setElement(phi.E, 0, Fq.add(elementOf(phi.E, 0), 1n)),
    ({ phi }) => setElement(phi.W, 9, Fq.add(elementOf(phi.W, 9), 1n)),
    ({ phi }) => (phi.X[10] = Fq.add(phi.X[10]!, 1n)),
  ];
  for (const edit of edits) {
    expect(await verify(await recommittedPhi(setup, shared.leaf0, edit))).toEqual([
      "phi: relation",
    ]);
  }
});

test("a scalar and its negative never open one commitment", async () => {
  // −x and p − x are one residue: only the canonical one is a scalar, and it is the one of the relation
  const { leaf0 } = shared;
  const negated = edited(leaf0, ({ w }) => setElement(w, 0, Fp.neg(elementOf(w, 0))));
  expect(await verify(negated)).toEqual(["u: commitment", "u: relation"]);
  expect(await verify(edited(leaf0, (node) => (node.bw = node.bw - Fp.modulus)))).toEqual([
    "form: b_w",
  ]);
});

// ---- the identity has no encoding

test("an opening to the identity opens nothing", async () => {
  const zero = edited(shared.leaf1, (node) => (node.bW = 0n)); // W = 0, b = 0
  expect(await verify(zero)).toEqual(["U: commitment"]);
  const phi = edited(shared.leaf1, (node) => (node.phi.bX = 0n));
  expect(await verify(phi)).toEqual(["phi: CX"]);
});

// ---- leaves: foreign accumulators, claims

describe("a leaf that carries a foreign, valid accumulator", () => {
  const foreign = (): TreeNode => {
    const { leaf2, m01 } = shared;
    const { W, bW, phi, D } = m01.node;
    return { ...leaf2, W, bW, phi, D: { ...leaf2.D, U: D.U, Phi: D.Phi } };
  };

  test("is valid, and stands for its own statement only", async () => {
    expect(await verify(foreign())).toEqual([]);
    const node = await mergeNodes(setup, shared.m01.node, foreign(), referenceRng("foreign"));
    expect(await verify(node)).toEqual([]);
    const { U: _, Phi: __, ...claim } = node.D;
    expect(claim).toEqual({
      i: 0n,
      j: 3n,
      zIn: [3n, 4n],
      zOut: shared.leaf2.D.zOut,
      pid: shared.m012.node.D.pid,
    });
  });

  test("cannot claim the steps behind it", async () => {
    const claim = (i: bigint): TreeNode =>
      resealed(setup, foreign(), ({ D }) => Object.assign(D, { i, zIn: [3n, 4n] }));
    expect(await verify(claim(0n))).toEqual(["form: leaf rule"]);
    expect(await verify(claim(2n))).toEqual(["u: relation"]);
  });
});

describe("what a leaf's holder can change (bind it through z, or ask for the signed receipt)", () => {
  test("its index", async () => {
    const moved = edited(shared.leaf1, ({ D }) => Object.assign(D, { i: 7n, j: 8n }));
    expect(await verify(moved)).toEqual([]);
    expect(await verifyNode(setup, moved, { i: 1n })).toEqual(["statement: i"]);
  });

  test("its claimed pid; but it never passes for a subtree", async () => {
    const { leaf1, leaf2, m01 } = shared;
    const { permute } = setup;
    const imitator = edited(leaf1, ({ D }) => (D.pid = m01.node.D.pid));
    expect(await verify(imitator)).toEqual([]);
    expect(provenance(permute, 0n, imitator.D)).not.toBe(provenance(permute, 1n, m01.node.D));

    const node = await mergeNodes(setup, imitator, leaf2, referenceRng("imitation"));
    const pid2 = provenance(permute, 0n, leaf2.D);
    expect(node.D.pid).toBe(mergePid(permute, leafPid(permute, m01.node.D.pid, 1n), pid2));
    const imitated = mergePid(permute, m01.node.D.pid, pid2);
    expect(node.D.pid).not.toBe(imitated);
    const forged = resealed(setup, node, ({ D }) => (D.pid = imitated));
    expect(await verify(forged)).toEqual(["u: relation"]);
    expect(await verify(resealed(setup, imitator, (leaf) => (leaf.k = 1n)))).toEqual([
      "u: relation",
    ]);
  });
});

// ---- a leaf's prover

describe("proveLeaf refuses", () => {
  const honest = toyAssignment([3n, 4n], 5n);
  const prove = (assignment: Uint8Array, other: object = {}): Promise<TreeNode> =>
    proveLeaf(setup, { i: 0n, assignment, pid: 1n, mask: false, ...other }, referenceRng("bad"));

  test.each<[string, readonly bigint[]]>([
    ["a false output", honest.with(1, 1n)],
    ["a false private wire", honest.with(5, 6n)],
    ["a range broken", toyAssignment([3n, 4n], 1n << 16n)],
    ["constant wire 0", honest.with(0, 0n)],
    ["constant wire 2", honest.with(0, 2n)],
    ["an element above the modulus", honest.with(3, honest[3]! + Fp.modulus)],
    ["one wire too few", honest.slice(1)],
    ["one wire too many", [...honest, 0n]],
    ["none", []],
  ])("an assignment with %s", async (_, assignment) => {
    await expect(prove(assignmentBytes(assignment))).rejects.toMatchObject({ code: "ASSIGNMENT" });
  });

  test.each([{ i: -1n }, { i: (1n << 32n) - 1n }, { i: Fp.modulus }, { pid: Fp.modulus }])(
    "a claim out of range",
    async (claim) => {
      const leaf = prove(assignmentBytes(honest), claim);
      await expect(leaf).rejects.toMatchObject({ code: "ASSIGNMENT" });
    },
  );
});

test("the last index is 2³² − 2", async () => {
  const leaf = await toyLeaf(setup, { i: 2 ** 32 - 2, zIn: [3n, 4n], w: 5n, pid: 1n });
  expect(await verify(leaf)).toEqual([]);
});
