// Malformed nodes: canonical elements, points on their curves, exact lengths, kinds and ranges (§10). All
// are refused by name before any arithmetic, by the verifier, the merger and (where bytes can say it)
// the decoder; nothing crashes.

import { Fp, Fq, G1, Grumpkin, type Curve, type PrimeField } from "@foldmesh/algebra";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type TreeNode, formFault, isStatement, verifyNode } from "../src/index.ts";
import { type Mutable, edited, refusal, setElement } from "./forge.ts";
import { type Scenario, scenario } from "./scenario.ts";

let shared: Scenario;
beforeAll(async () => {
  shared = await scenario();
}, 60_000);

type Loose = any;
type LooseEdit = (node: Loose) => void;
const faultOf = (node: TreeNode, edit: LooseEdit): string | null =>
  formFault(shared.setup.system, edited(node, edit as (node: Mutable<TreeNode>) => void));

test("honest nodes are well formed", () => {
  const { setup, leaf0, leaf1, m01, m012, m23 } = shared;
  for (const node of [leaf0, leaf1, m01.node, m012.node, m23]) {
    expect(formFault(setup.system, node)).toBeNull();
    expect(isStatement(setup.system, node.k, node.D)).toBe(true);
  }
});

// ---- places: [name of the check, get, set]

const at = (path: string) => {
  const keys = path.split(".");
  const last = keys.pop()!;
  const parent = (node: Loose): Loose => keys.reduce((object, key) => object[key], node);
  return {
    get: (node: Loose): Loose => parent(node)[last],
    set: (node: Loose, value: unknown): void => void (parent(node)[last] = value),
    drop: (node: Loose): void => void delete parent(node)[last],
  };
};

const ELEMENTS: [check: string, path: string, field: PrimeField][] = [
  ["pid", "D.pid", Fp],
  ["b_w", "bw", Fp],
  ["b_W", "bW", Fp],
  ["phi's blinds", "phi.bX", Fq],
  ["phi's blinds", "phi.bW", Fq],
  ["phi's blinds", "phi.bE", Fq],
];
const VECTORS: [check: string, path: string, field: PrimeField][] = [
  ["z", "D.zIn", Fp],
  ["z'", "D.zOut", Fp],
  ["U.X", "D.U.X", Fp],
  ["U.r", "D.U.r", Fp],
  ["U.v", "D.U.v", Fp],
  ["u.X", "u.X", Fp],
  ["phi.X", "phi.X", Fq],
];
const POINTS: [check: string, path: string, curve: Curve][] = [
  ["U.C", "D.U.C", G1],
  ["u.C", "u.C", G1],
  ["Phi.C_X", "D.Phi.CX", Grumpkin],
  ["Phi.C_W", "D.Phi.CW", Grumpkin],
  ["Phi.C_E", "D.Phi.CE", Grumpkin],
];
const BYTES: [check: string, path: string, field: PrimeField][] = [
  ["w", "w", Fp],
  ["W", "W", Fp],
  ["phi.W", "phi.W", Fq],
  ["phi.E", "phi.E", Fq],
];

// ---- malformations

/** What is no canonical element though it may be congruent, equal or convertible to one. */
const badElements = (x: bigint, { modulus }: PrimeField): unknown[] => [
  x + modulus,
  x - modulus,
  modulus,
  -1n,
  1n << 256n,
  Number(x & 0xffn),
  `${x}`,
  [x],
  true,
  null,
  undefined,
];

describe.each(ELEMENTS)("%s (%s)", (check, path, field) => {
  test("only canonical elements", () => {
    const { get, set, drop } = at(path);
    for (const bad of badElements(get(shared.m012.node), field)) {
      expect(faultOf(shared.m012.node, (node) => set(node, bad))).toBe(check);
    }
    expect(faultOf(shared.m012.node, drop)).toBe(check);
  });
});

describe.each(VECTORS)("%s (%s)", (check, path, field) => {
  const { get, set, drop } = at(path);
  const faultAt = (change: (v: unknown[]) => unknown): string | null =>
    faultOf(shared.m012.node, (node) => set(node, change(get(node))));

  test("only canonical elements", () => {
    const v = get(shared.m012.node) as bigint[];
    for (const n of [0, v.length - 1]) {
      for (const bad of badElements(v[n]!, field)) {
        expect(faultAt((copy) => copy.with(n, bad))).toBe(check);
      }
    }
  });

  test("exactly as many as there should be", () => {
    expect(faultAt((v) => v.slice(1))).toBe(check);
    expect(faultAt((v) => v.slice(0, -1))).toBe(check);
    expect(faultAt((v) => [...v, 0n])).toBe(check);
    expect(faultAt((v) => [0n, ...v])).toBe(check);
    expect(faultAt(() => [])).toBe(check);
  });

  test("only arrays without holes", () => {
    expect(faultAt((v) => Array(v.length))).toBe(check);
    expect(faultAt((v) => Object.assign(Array(v.length), { 0: v[0] }))).toBe(check);
    expect(faultAt((v) => Object.assign({ length: v.length }, v))).toBe(check);
    expect(faultAt((v) => [v])).toBe(check);
    expect(faultAt((v) => BigUint64Array.from(v as bigint[]))).toBe(check);
    expect(faultAt(() => "")).toBe(check);
    expect(faultAt(() => null)).toBe(check);
    expect(faultOf(shared.m012.node, drop)).toBe(check);
  });
});

describe.each(POINTS)("%s (%s)", (check, path, curve) => {
  const { get, set, drop } = at(path);

  test("only canonical points of the curve", () => {
    const [x, y] = get(shared.m012.node) as [bigint, bigint];
    const { modulus } = curve.base;
    const other = curve === G1 ? shared.m012.node.D.Phi.CX : shared.m012.node.u.C;
    const bad: unknown[] = [
      [0n, 0n],
      [1n, 1n],
      [x, curve.base.add(y, 1n)],
      [curve.base.add(x, 1n), y],
      [y, x],
      [x + modulus, y],
      [x, y + modulus],
      [x, y - modulus],
      [x, -y],
      [modulus, modulus],
      [x],
      [x, y, 1n],
      [],
      [x, undefined],
      [Number(x), Number(y)],
      { 0: x, 1: y, length: 2 },
      Array(2),
      other,
      null,
      undefined,
      0n,
    ];
    for (const point of bad) {
      expect(faultOf(shared.m012.node, (node) => set(node, point))).toBe(check);
    }
    expect(faultOf(shared.m012.node, drop)).toBe(check);
  });
});

describe.each(BYTES)("%s (%s)", (check, path, field) => {
  const { get, set, drop } = at(path);
  const faultAt = (change: (bytes: Uint8Array) => unknown): string | null =>
    faultOf(shared.m012.node, (node) => set(node, change(get(node))));

  test("only canonical elements", () => {
    const elements = (get(shared.m012.node) as Uint8Array).length / 32;
    for (const n of [0, 1, elements - 1]) {
      for (const bad of [field.modulus, field.modulus + 1n, (1n << 256n) - 1n]) {
        const written = faultAt((bytes) => {
          setElement(bytes, n, bad);
          return bytes;
        });
        expect(written).toBe(check);
      }
    }
  });

  test("exactly as many bytes as there should be, in a Uint8Array", () => {
    expect(faultAt((bytes) => bytes.slice(32))).toBe(check);
    expect(faultAt((bytes) => bytes.slice(0, -1))).toBe(check);
    expect(faultAt((bytes) => new Uint8Array(bytes.length + 32))).toBe(check);
    expect(faultAt(() => new Uint8Array())).toBe(check);
    expect(faultAt((bytes) => bytes.buffer)).toBe(check);
    expect(faultAt((bytes) => new Uint16Array(bytes.length))).toBe(check);
    expect(faultAt((bytes) => ({ length: bytes.length }))).toBe(check);
    expect(faultOf(shared.m012.node, drop)).toBe(check);
  });
});

// ---- kinds and ranges

test.each([2n, 7n, -1n, 1n + Fp.modulus, 0, 1, true, "1", null, undefined, [1n]])(
  "kind %s is refused",
  (k) => {
    expect(faultOf(shared.m012.node, (node) => (node.k = k))).toBe("kind");
    expect(faultOf(shared.leaf1, (node) => (node.k = k))).toBe("kind");
  },
);

test.each<[string, LooseEdit]>([
  ["no step", ({ D }) => (D.j = D.i)],
  ["backwards", ({ D }) => ([D.i, D.j] = [7n, 3n])],
  ["negative", ({ D }) => (D.i = -1n)],
  ["above 32 bits", ({ D }) => (D.j = 1n << 32n)],
  ["i + p", ({ D }) => (D.i += Fp.modulus)],
  ["i − p", ({ D }) => (D.i -= Fp.modulus)],
  ["both + p", ({ D }) => ([D.i, D.j] = [D.i + Fp.modulus, D.j + Fp.modulus])],
  ["numbers", ({ D }) => ([D.i, D.j] = [0, 3])],
  ["text", ({ D }) => (D.j = "3")],
  ["no end", ({ D }) => delete D.j],
])("range refused: %s", (_, edit) => {
  for (const node of [shared.m012.node, shared.leaf0, shared.leaf2]) {
    expect(faultOf(node, edit)).toBe("range");
  }
});

test.each<[string, () => TreeNode, LooseEdit]>([
  ["a leaf of 1,000 steps", () => shared.leaf0, ({ D }) => (D.j = D.i + 1000n)],
  ["a leaf of two steps", () => shared.leaf1, ({ D }) => (D.j += 1n)],
  ["a merge called a leaf", () => shared.m012.node, (node) => (node.k = 0n)],
])("leaf rule: %s", (_, node, edit) => {
  expect(faultOf(node(), edit)).toBe("leaf rule");
});

// ---- boundaries moved

test.each<[string, string, LooseEdit]>([
  ["z' to z", "z", ({ D }) => D.zIn.push(D.zOut.shift())],
  ["z to z'", "z", ({ D }) => D.zOut.unshift(D.zIn.pop())],
  ["z' to U.X", "z'", ({ D }) => D.U.X.unshift(D.zOut.pop())],
  ["U.X to U.r", "U.X", ({ D }) => D.U.r.unshift(D.U.X.pop())],
  ["U.r to U.v", "U.r", ({ D }) => D.U.v.unshift(D.U.r.pop())],
  ["U.v to Φ", "U.v", ({ D }) => D.Phi.CX.unshift(D.U.v.pop())],
  ["Φ.C_X to Φ.C_W", "Phi.C_X", ({ D }) => D.Phi.CW.unshift(D.Phi.CX.pop())],
  [
    "w to W",
    "w",
    (node) => {
      node.W = new Uint8Array([...node.w.subarray(-32), ...node.W]);
      node.w = node.w.slice(0, -32);
    },
  ],
])("an element moved from %s", (_, check, edit) => {
  expect(faultOf(shared.m012.node, edit)).toBe(check);
});

// ---- parts missing, and junk anywhere

test("parts that are missing are refused", () => {
  const { system } = shared.setup;
  for (const nothing of [undefined, null, 0, "", [], {}, new Uint8Array(9)] as Loose[]) {
    expect(formFault(system, nothing)).toBe("kind");
    expect(isStatement(system, 0n, nothing)).toBe(false);
    expect(faultOf(shared.m012.node, (node) => (node.D = nothing))).toBe("range");
    expect(faultOf(shared.m012.node, (node) => (node.D.U = nothing))).toBe("U.C");
    expect(faultOf(shared.m012.node, (node) => (node.D.Phi = nothing))).toBe("Phi.C_X");
    expect(faultOf(shared.m012.node, (node) => (node.u = nothing))).toBe("u.C");
    expect(faultOf(shared.m012.node, (node) => (node.phi = nothing))).toBe("phi.X");
  }
});

test("junk in any place never crashes the check", () => {
  const paths = [...ELEMENTS, ...VECTORS, ...POINTS, ...BYTES].map(([, path]) => path);
  const places = [...paths, "k", "D", "D.i", "D.j", "D.U", "D.Phi", "u", "phi", "D.zIn.0"];
  const { system } = shared.setup;
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.anything({ withBigInt: true }), (path, junk) => {
      const node = structuredClone({ ...shared.m012.node, w: null, W: null }) as Loose;
      Object.assign(node, { w: shared.m012.node.w, W: shared.m012.node.W });
      at(path).set(node, junk);
      const fault = formFault(system, node);
      expect(fault === null || typeof fault === "string").toBe(true);
    }),
    { numRuns: 500 },
  );
});

// ---- the verifier and the merger ask the same predicate

test.each<[string, LooseEdit]>([
  ["kind", (node) => (node.k = 7n)],
  ["range", ({ D }) => (D.i += Fp.modulus)],
  ["z", ({ D }) => D.zIn.push(D.zOut.shift())],
  ["U.C", ({ D }) => (D.U.C = [0n, 0n])],
  ["U.r", ({ D }) => (D.U.r = Array(15))],
  ["Phi.C_E", ({ D }) => (D.Phi.CE = [1n, 1n])],
  ["u.X", ({ u }) => u.X.push(0n)],
  ["b_w", (node) => (node.bw = -1n)],
  ["w", (node) => (node.w = node.w.slice(32))],
  ["phi's blinds", ({ phi }) => (phi.bE = -phi.bE)],
])("verifier and merger refuse a malformed %s", async (check, edit) => {
  const { setup, m01, m23 } = shared;
  const [left, right] = [edited(m01.node, edit), edited(m23, edit)];
  expect(await verifyNode(setup, left)).toEqual([`form: ${check}`]);
  expect(await refusal(setup, left, m23)).toEqual([`left form: ${check}`]);
  expect(await refusal(setup, m01.node, right)).toEqual([`right form: ${check}`]);
});

test("verifier and merger refuse what is no node at all", async () => {
  const { setup, leaf1 } = shared;
  for (const nothing of [undefined, null, {}, "node"] as Loose[]) {
    expect(await verifyNode(setup, nothing)).toEqual(["form: kind"]);
    expect(await refusal(setup, nothing, leaf1)).toEqual(["left form: kind"]);
  }
});
