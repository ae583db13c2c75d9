// The decoder against hostile bytes: the only bytes that decode are those of a well-formed node of this
// program, and what decodes after a change is refused by the verifier, by the check that names it.

import { Fp, Fq, G1, Grumpkin, type Curve, viewOf } from "@foldmesh/algebra";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  FoldingError,
  type Setup,
  type TreeNode,
  decodeNode,
  encodeNode,
  nodeBytes,
  verifyNode,
} from "../src/index.ts";
import { elementOf, setElement } from "./forge.ts";
import { type Scenario, scenario } from "./scenario.ts";
import { setupFor } from "./support.ts";
import { toyStep } from "./toy-step.ts";

/** Where parts of an encoded node begin, for a = 2; written from the format's description, not its code. */
const layoutOf = (s: number, n: number, cfWitness: number, cfRows: number) => {
  const parts: [name: string, bytes: number][] = [
    ...([
      ["magic", 6],
      ["version", 2],
      ["vk", 32],
      ["k", 1],
      ["i", 4],
      ["j", 4],
    ] as const),
    ...([
      ["z", 64],
      ["z'", 64],
      ["pid", 32],
      ["U.C", 64],
      ["U.X", 7 * 32],
      ["U.r", 32 * s],
    ] as const),
    ...([
      ["U.v", 96],
      ["Phi.CX", 64],
      ["Phi.CW", 64],
      ["Phi.CE", 64],
      ["u.C", 64],
    ] as const),
    ...([
      ["b_w", 32],
      ["w", 32 * n],
      ["b_W", 32],
      ["W", 32 * n],
      ["phi.X", 384],
    ] as const),
    ...([
      ["phi.b_X", 32],
      ["phi.b_W", 32],
      ["phi.b_E", 32],
    ] as const),
    ...([
      ["phi.W", 32 * cfWitness],
      ["phi.E", 32 * cfRows],
    ] as const),
  ].map(([name, bytes]) => [name, bytes]);
  let end = 0;
  const starts = new Map(parts.map(([name, bytes]) => [name, (end += bytes) - bytes]));
  return { starts, end };
};

let shared: Scenario;
let setup: Setup;
let merge: Uint8Array;
let leaf: Uint8Array;
let layout: ReturnType<typeof layoutOf>;
const start = (part: string): number => layout.starts.get(part)!;

beforeAll(async () => {
  shared = await scenario();
  ({ setup } = shared);
  merge = encodeNode(setup.system, shared.m012.node);
  leaf = encodeNode(setup.system, shared.leaf2);
  layout = layoutOf(15, 26_537, 2_445, 2_452);
}, 60_000);

const decode = (bytes: Uint8Array): TreeNode => decodeNode(setup.system, setup.permute, bytes);

/** Faster by far than `toEqual` on megabytes. */
const isEncodingOf = (node: TreeNode, bytes: Uint8Array): boolean =>
  Buffer.compare(encodeNode(setup.system, node), bytes) === 0;

/** The decoder's words, or "ACCEPTED". */
function decodingFault(bytes: Uint8Array): string {
  try {
    decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(FoldingError);
    expect((error as FoldingError).code).toBe("DECODE");
    return (error as FoldingError).message.replace("not a node of this program: ", "");
  }
  return "ACCEPTED";
}

function changed(bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = new Uint8Array(bytes);
  change(copy);
  return copy;
}

const faultWith = (change: (copy: Uint8Array) => void, bytes = merge): string =>
  decodingFault(changed(bytes, change));

// ---- the format

test("sizes and layout are those of the format's description", () => {
  expect(nodeBytes(setup.system)).toBe(layout.end);
  expect(merge.length).toBe(layout.end);
  expect(elementOf(merge.subarray(start("U.r")), 0)).toBe(shared.m012.node.D.U.r[0]);
  expect(elementOf(merge.subarray(start("b_w")), 0)).toBe(shared.m012.node.bw);
  expect(elementOf(merge.subarray(start("phi.b_E")), 0)).toBe(shared.m012.node.phi.bE);
});

test("every kind of node survives the way there and back", () => {
  for (const node of [shared.leaf0, shared.leaf1, shared.m01.node, shared.m012.node]) {
    const bytes = encodeNode(setup.system, node);
    const decoded = decode(bytes);
    expect(decoded).toEqual(node);
    expect(isEncodingOf(decoded, bytes)).toBe(true);
  }
});

test("a node is decoded from a view of a larger buffer", () => {
  const larger = new Uint8Array(merge.length + 7);
  larger.set(merge, 3);
  expect(decode(larger.subarray(3, 3 + merge.length))).toEqual(shared.m012.node);
});

test("a decoded node does not change when the bytes do, even those of a Node Buffer", () => {
  const buffer = Buffer.from(merge);
  const node = decode(buffer);
  buffer.fill(0);
  expect(node.w).toEqual(shared.m012.node.w);
  expect(node.phi.E).toEqual(shared.m012.node.phi.E);
});

// ---- sizes

test("truncation at every boundary, and around it", () => {
  for (const end of [...layout.starts.values(), 1, layout.end - 1]) {
    for (const length of [end - 1, end, end + 1].filter((n) => n >= 0 && n < layout.end)) {
      const message = `expected ${layout.end} bytes, got ${length}`;
      expect(decodingFault(merge.subarray(0, length))).toBe(message);
    }
  }
});

test.each([1, 31, 32, 64, 2 ** 26])("%d bytes too many", (more) => {
  const longer = new Uint8Array(merge.length + more);
  longer.set(merge);
  expect(decodingFault(longer)).toBe(`expected ${layout.end} bytes, got ${longer.length}`);
});

// ---- header

test("every byte of the magic counts", () => {
  for (let n = 0; n < 6; n++) expect(faultWith((copy) => (copy[n]! ^= 1))).toBe("bad magic");
});

test.each([0, 2, 255, 256, 65_535])("encoding version %d", (version) => {
  expect(faultWith((copy) => viewOf(copy).setUint16(6, version))).toBe(
    `encoding version ${version}; this build reads 1`,
  );
});

test("another vk", () => {
  const message = "it belongs to another program, context or number of steps per leaf";
  for (let n = 0; n < 32; n++) expect(faultWith((copy) => (copy[8 + n]! ^= 128))).toBe(message);
  const sameModP = (copy: Uint8Array): void =>
    setElement(copy.subarray(8), 0, setup.system.vk + Fp.modulus);
  expect(faultWith(sameModP)).toBe(message);
});

test("a node of another context", async () => {
  const other = await setupFor(toyStep(), undefined, 1n);
  expect(() => decodeNode(other.system, other.permute, merge)).toThrow("another program, context");
});

test.each([2, 7, 255])("kind %d", (k) => {
  expect(faultWith((copy) => (copy[40] = k))).toBe(`kind must be 0 or 1, got ${k}`);
});

// ---- statement

test.each<[string, string, number, number]>([
  ["no step", "range", 3, 3],
  ["backwards", "range", 3, 2],
  ["nothing at all", "range", 0, 0],
  ["to the last index", "ACCEPTED", 0, 0xffff_ffff],
  ["from beyond the end", "range", 0xffff_ffff, 0],
])("a merge over %s", (_, fault, i, j) => {
  const range = (copy: Uint8Array): void => {
    viewOf(copy).setUint32(start("i"), i);
    viewOf(copy).setUint32(start("j"), j);
  };
  expect(faultWith(range)).toBe(fault === "range" ? "range is malformed" : fault);
});

test("the leaf rule", () => {
  const claim = (j: number) => (copy: Uint8Array) => viewOf(copy).setUint32(start("j"), j);
  expect(faultWith(claim(1002), leaf)).toBe("leaf rule is malformed");
  expect(faultWith(claim(4), leaf)).toBe("leaf rule is malformed");
  expect(faultWith((copy) => (copy[40] = 0), merge)).toBe("leaf rule is malformed");
});

const POINTS: [string, Curve][] = [
  ["U.C", G1],
  ["Phi.CX", Grumpkin],
  ["Phi.CW", Grumpkin],
  ["Phi.CE", Grumpkin],
  ["u.C", G1],
];

test.each(POINTS)("%s: off the curve, or not canonical", (part, curve) => {
  const bytes = (copy: Uint8Array): Uint8Array => copy.subarray(start(part));
  const notOn = `${part} is not a point of ${curve.name}`;
  const tooLarge = `${part} is not below the modulus`;
  expect(faultWith((copy) => bytes(copy).fill(0, 0, 64))).toBe(notOn);
  expect(faultWith((copy) => (bytes(copy)[0]! ^= 1))).toBe(notOn);
  expect(faultWith((copy) => (bytes(copy)[32]! ^= 1))).toBe(notOn);
  for (const coordinate of [0, 1]) {
    const raise = (copy: Uint8Array): void => {
      const x = elementOf(bytes(copy), coordinate);
      setElement(bytes(copy), coordinate, x + curve.base.modulus);
    };
    expect(faultWith(raise)).toBe(tooLarge);
    const all = (copy: Uint8Array): void => setElement(bytes(copy), coordinate, (1n << 256n) - 1n);
    expect(faultWith(all)).toBe(tooLarge);
  }
});

const FIELDS: [part: string, fault: string, field: typeof Fp][] = [
  ...["z", "z'", "pid", "U.X", "U.r", "U.v", "b_w", "b_W"].map(
    (part): [string, string, typeof Fp] => [part, `${part} is not below the modulus`, Fp],
  ),
  ["w", "w is malformed", Fp],
  ["W", "W is malformed", Fp],
  ...["phi.X", "phi.b_X", "phi.b_W", "phi.b_E"].map((part): [string, string, typeof Fp] => [
    part,
    `${part} is not below the modulus`,
    Fq,
  ]),
  ["phi.W", "phi.W is malformed", Fq],
  ["phi.E", "phi.E is malformed", Fq],
];

test.each(FIELDS)("%s: not canonical", (part, fault, { modulus }) => {
  const x = elementOf(merge.subarray(start(part)), 0);
  for (const bad of [x + modulus, modulus, (1n << 256n) - 1n]) {
    expect(faultWith((copy) => setElement(copy.subarray(start(part)), 0, bad))).toBe(fault);
  }
});

// ---- anywhere

test("bytes with anything flipped are refused, or are the encoding of what they decode to", () => {
  const position = fc.oneof(
    fc.integer({ min: 0, max: start("w") - 1 }),
    fc.integer({ min: 0, max: layout.end - 1 }),
  );
  fc.assert(
    fc.property(position, fc.integer({ min: 1, max: 255 }), (n, mask) => {
      const bytes = changed(merge, (copy) => (copy[n]! ^= mask));
      if (decodingFault(bytes) !== "ACCEPTED") return;
      expect(isEncodingOf(decode(bytes), bytes)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test("random bytes of the right size are refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (seed) => {
      const bytes = Uint8Array.from({ length: layout.end }, (_, n) => seed[n % 64]!);
      expect(decodingFault(bytes)).toBe("bad magic");
      bytes.set(merge.subarray(0, 41));
      expect(decodingFault(bytes)).not.toBe("ACCEPTED");
    }),
    { numRuns: 5 },
  );
});

// ---- what decodes after a change is refused by the verifier

const addOne = (bytes: Uint8Array, field = Fp): void =>
  setElement(bytes, 0, field.add(elementOf(bytes, 0), 1n));
const doubled = (bytes: Uint8Array, curve: Curve): void => {
  const point = [elementOf(bytes, 0), elementOf(bytes, 1)] as const;
  curve.add(point, point)!.forEach((x, n) => setElement(bytes, n, x));
};

const CHANGES: [part: string, change: (bytes: Uint8Array) => void, checks: string[]][] = [
  ["i", (bytes) => viewOf(bytes).setUint32(0, 1), ["u: relation"]],
  ["j", (bytes) => viewOf(bytes).setUint32(0, 1003), ["u: relation"]],
  ["z", addOne, ["u: relation"]],
  ["z'", addOne, ["u: relation"]],
  ["pid", addOne, ["u: relation"]],
  ["U.C", (bytes) => doubled(bytes, G1), ["u: relation", "U: commitment"]],
  ["U.X", addOne, ["u: relation", "U: relation"]],
  ["U.r", addOne, ["u: relation", "U: relation"]],
  ["U.v", addOne, ["u: relation", "U: relation"]],
  ["Phi.CX", (bytes) => doubled(bytes, Grumpkin), ["u: relation", "phi: CX"]],
  ["Phi.CW", (bytes) => doubled(bytes, Grumpkin), ["u: relation", "phi: CW"]],
  ["Phi.CE", (bytes) => doubled(bytes, Grumpkin), ["u: relation", "phi: CE"]],
  ["u.C", (bytes) => doubled(bytes, G1), ["u: commitment"]],
  ["b_w", addOne, ["u: commitment"]],
  ["w", (bytes) => addOne(bytes.subarray(32 * 500)), ["u: commitment", "u: relation"]],
  ["b_W", addOne, ["U: commitment"]],
  ["W", (bytes) => addOne(bytes.subarray(32 * 500)), ["U: commitment", "U: relation"]],
  ["phi.X", (bytes) => addOne(bytes, Fq), ["phi: CX", "phi: relation"]],
  ["phi.b_X", (bytes) => addOne(bytes, Fq), ["phi: CX"]],
  ["phi.b_W", (bytes) => addOne(bytes, Fq), ["phi: CW"]],
  ["phi.b_E", (bytes) => addOne(bytes, Fq), ["phi: CE"]],
  ["phi.W", (bytes) => addOne(bytes, Fq), ["phi: CW", "phi: relation"]],
  ["phi.E", (bytes) => addOne(bytes, Fq), ["phi: CE", "phi: relation"]],
];

describe("a merge that decodes with another", () => {
  test.each(CHANGES)("%s", async (part, change, checks) => {
    const bytes = changed(merge, (copy) => change(copy.subarray(start(part))));
    expect(await verifyNode(setup, decode(bytes))).toEqual(checks);
  });

  test("every part of the encoding was changed", () => {
    const header = ["magic", "version", "vk", "k"];
    expect([...header, ...CHANGES.map(([part]) => part)]).toEqual([...layout.starts.keys()]);
  });
});

describe("a leaf that decodes with another", () => {
  test.each<[string, (bytes: Uint8Array) => void, string[]]>([
    ["z", addOne, ["u: relation"]],
    ["z'", addOne, ["u: relation"]],
    ["U.C", (bytes) => doubled(bytes, G1), ["U: commitment"]],
    ["U.v", addOne, ["U: relation"]],
    ["Phi.CE", (bytes) => doubled(bytes, Grumpkin), ["phi: CE"]],
    ["u.C", (bytes) => doubled(bytes, G1), ["u: commitment"]],
    ["w", addOne, ["u: commitment", "u: relation"]],
  ])("%s", async (part, change, checks) => {
    const bytes = changed(leaf, (copy) => change(copy.subarray(start(part))));
    expect(await verifyNode(setup, decode(bytes))).toEqual(checks);
  });

  test("kind", async () => {
    const asMerge = decode(changed(leaf, (copy) => (copy[40] = 1)));
    expect(await verifyNode(setup, asMerge)).toEqual(["u: relation"]);
  });
});
