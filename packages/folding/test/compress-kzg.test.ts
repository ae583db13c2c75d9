// Compressed proofs of a program that is bound to powers of tau: identity, honest proofs, and every part of a
// proof or a key changed.

import {
  type Curve,
  ELEMENT_BYTES,
  Fp,
  Fq,
  G1,
  G2_GENERATOR,
  Grumpkin,
  POINT_BYTES,
  type PrimeField,
  TAG,
  createEngine,
  elementsToBytes,
  g2ToBytes,
  hashChain,
  plainPoseidon,
} from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import { unsafePowers } from "@foldmesh/algebra/unsafe-setup";
import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { finalFoldVerify } from "../src/compress/final-fold.ts";
import { pairingsHold } from "../src/compress/hyperkzg.ts";
import { kzgProve, kzgReduce } from "../src/compress/kzg-opening.ts";
import { openingStatement } from "../src/compress/opening.ts";
import { encodeProof } from "../src/compress/proof.ts";
import {
  type CompressedExpectation,
  FoldingError,
  type KZGKey,
  TRANSPARENT,
  type VerifierKey,
  decodeProof,
  decodeVerifierKey,
  deriveSystem,
  encodeVerifierKey,
  kzgKey,
  loadSetup,
  loadVerifierKey,
  proofBytes,
  verifierKeyDigest,
  verifyCompressed,
  verifyCompressedBatch,
  verifyNode,
  withKey,
} from "../src/index.ts";
import { compressedRoot } from "./compress-support.ts";
import { elementOf, setElement } from "./forge.ts";
import { type KZGRoot, kzgRoot, srs } from "./kzg-support.ts";
import { simulateFold } from "./simulator.ts";
import { next } from "./scenario.ts";
import { referenceRng, smallGenerators, testEngine, wGenerators } from "./support.ts";
import { toyStep } from "./toy-step.ts";

let root: KZGRoot;
let key: VerifierKey;
let identity: KZGKey;
beforeAll(async () => {
  root = await kzgRoot();
  key = root.able.verifier;
  identity = root.able.system.key as KZGKey;
}, 120_000);

const verdict = (
  proof: Uint8Array,
  change: Partial<CompressedExpectation> = {},
): Promise<string[]> => verifyCompressed(key, proof, { ...root.expected, ...change });

const altered = (change: (copy: Uint8Array) => void): Uint8Array => {
  const copy = new Uint8Array(root.bytes);
  change(copy);
  return copy;
};

// ---- identity

describe("identity", () => {
  const permute = plainPoseidon();

  test("vk names the version, the bases and tau", async () => {
    const { system } = root.able;
    const { bases, tau2 } = await srs();
    const inner = sha256(bases);
    const hash = Buffer.from(
      sha256(Buffer.concat([inner, g2ToBytes(G2_GENERATOR), g2ToBytes(tau2)])),
    );
    const parts = [
      (1n << 32n) + 1n,
      BigInt(system.s),
      BigInt(system.a),
      system.digestS,
      system.digestCF,
      0n,
      Fp.reduce(BigInt(`0x${hash.toString("hex")}`)),
    ];
    expect(system.vk).toBe(hashChain(permute, TAG.vk, parts));
    expect(identity).toEqual({
      kind: "kzg",
      bases: Buffer.from(inner).toString("hex"),
      tau2,
    });
  });

  test("is another for every key, and the transparent one without", () => {
    const { system } = root.able;
    const plain = deriveSystem({ step: toyStep(), generators: smallGenerators(), permute }).system;
    expect(plain.key).toEqual(TRANSPARENT);
    expect(withKey(permute, system, TRANSPARENT)).toEqual(plain);
    expect(withKey(permute, plain, identity)).toEqual(system);
    const given = deriveSystem({
      step: toyStep(),
      key: identity,
      generators: smallGenerators(),
      permute,
    });
    expect(given.system).toEqual(system);
    const others: KZGKey[] = [
      { ...identity, tau2: G2_GENERATOR },
      { ...identity, bases: identity.bases.replace(/^./, (c) => (c === "0" ? "1" : "0")) },
    ];
    const vks = [plain, system, ...others.map((other) => withKey(permute, plain, other))];
    expect(new Set(vks.map(({ vk }) => vk)).size).toBe(4);
  });

  test("other bases are refused when a setup is made", async () => {
    const { system } = root.able;
    const engine = await testEngine();
    const { structures } = deriveSystem({
      step: toyStep(),
      generators: smallGenerators(),
      permute,
    });
    const { bases } = await srs();
    const oneOther = new Uint8Array(bases);
    oneOther.set(bases.subarray(0, POINT_BYTES), bases.length - POINT_BYTES);
    const wrong = [await wGenerators(), oneOther, bases.subarray(0, bases.length - POINT_BYTES)];
    for (const bad of wrong) {
      expect(() => loadSetup(engine, system, structures, bad)).toThrow(
        expect.objectContaining({ code: "KEY" }),
      );
    }
    expect(() => kzgKey({ bases: bases.subarray(64), tau2: identity.tau2 }, 2 ** 15)).toThrow(
      /needs 32768 powers of tau, 32767 came/,
    );
  }, 60_000);
});

// ---- honest

describe("honest", () => {
  test("a merge is made and verified as under the other key", async () => {
    expect(await verifyNode(root.able, root.node)).toEqual([]);
  }, 30_000);

  test("a proof verifies, is at most 10 kB, and of a size that the program alone decides", async () => {
    expect(await verdict(root.bytes)).toEqual([]);
    expect(root.bytes.length).toBe(proofBytes(root.able.system));
    expect(root.bytes.length).toBeLessThanOrEqual(10_000);
  });

  test("decodes and encodes", () => {
    const { system } = root.able;
    expect(encodeProof(system, decodeProof(system, root.bytes))).toEqual(root.bytes);
  });

  test("says what is expected, or not", async () => {
    expect(await verdict(root.bytes, { steps: 3n })).toEqual(["statement: j"]);
    expect(await verdict(root.bytes, { zn: root.expected.zn.map(next) })).toEqual([
      "statement: z'",
    ]);
  });

  test("verifies in batches, which name the bad ones", async () => {
    const good = { proof: root.bytes, expected: root.expected };
    const bad = altered((copy) => setElement(copy.subarray(startOf("values")), 0, 7n));
    const items = [good, { ...good, proof: bad }, good];
    const rng = referenceRng("kzg batch");
    expect(await verifyCompressedBatch(key, [good, good], rng)).toEqual([[], []]);
    const [first, second, third] = await verifyCompressedBatch(key, items, rng);
    expect([first, third]).toEqual([[], []]);
    expect(second).toContain("opening");
  }, 30_000);
});

test("a simulator without a witness and without tau is accepted", async () => {
  const { able, node } = root;
  await able.exclusive(async () => {
    const simulated = await simulateFold(able, node.D, referenceRng("kzg simulator"));
    const { header, slots, proof, oracle, target } = simulated;
    const folded = finalFoldVerify(oracle, header, slots, proof)!;
    const proving = await openingStatement(key, folded, target.bW);
    const opening = await kzgProve(able, proving, able.engine.Fp.fromBytes(target.W));
    const statement = await openingStatement(key, folded, target.bW);
    const obligation = await kzgReduce(key, statement, folded, target.bW, opening);
    expect(pairingsHold(identity.tau2, [1n], [obligation!])).toBe(true);
  });
}, 60_000);

// ---- every part changed: the layout for a = 2, s = 15, ℓ = 15, written from the format's description

type Part =
  | readonly [name: string, kind: PrimeField, count: number, refusal: string]
  | readonly [name: string, kind: Curve, count: number, refusal: string];

const HEAD = 6 + 2 + ELEMENT_BYTES + 1 + 4 + 4;
const PARTS: readonly Part[] = [
  ["z", Fp, 2, "statement: z"],
  ["z'", Fp, 2, "statement: z'"],
  ["pid", Fp, 1, "fold"],
  ["U.C", G1, 1, "fold"],
  ["U.X", Fp, 7, "fold"],
  ["U.r", Fp, 15, "fold"],
  ["U.v", Fp, 3, "fold"],
  ["Phi", Grumpkin, 3, "fold"],
  ["u.C", G1, 1, "fold"],
  ["U_rnd.C", G1, 1, "fold"],
  ["U_rnd.X", Fp, 7, "fold"],
  ["U_rnd.r", Fp, 15, "fold"],
  ["U_rnd.v", Fp, 3, "fold"],
  ["S", Fp, 1, "fold"],
  ["fold rounds", Fp, 45, "fold"],
  ["evaluations", Fp, 9, "fold"],
  ["y_U", Fp, 1, "opening"],
  ["y_g", Fp, 1, "fold"],
  ["b'", Fp, 1, "opening"],
  ["inner rounds", Fp, 30, "opening"],
  ["w", Fp, 1, "opening"],
  ["folds", G1, 14, "opening"],
  ["values", Fp, 15, "opening"],
  ["quotient", G1, 1, "opening"],
  ["witness", G1, 1, "opening"],
  ["Phi_rnd.C_X", Grumpkin, 1, "Phi: public input"],
  ["Phi_rnd.C_W, C_E, C_T", Grumpkin, 3, "Phi: public input"],
  ["X'", Fq, 12, "Phi: public input"],
  ["b_X'", Fq, 1, "Phi: public input"],
  ["Phi rounds", Fq, 36, "Phi: relation"],
  ["Phi evaluations", Fq, 4, "Phi: relation"],
  ["products", Fq, 2, "Phi: opening"],
  ["Phi blind", Fq, 1, "Phi: opening"],
  ["Phi LR", Grumpkin, 24, "Phi: opening"],
  ["Phi a", Fq, 1, "Phi: opening"],
];
/** Points are packed. */
const STARTS: readonly number[] = PARTS.reduce(
  (starts, [, , count]) => [...starts, starts.at(-1)! + count * ELEMENT_BYTES],
  [HEAD],
);
const startOf = (name: string): number => STARTS[PARTS.findIndex((part) => part[0] === name)]!;
const isField = (kind: Curve | PrimeField): kind is PrimeField => kind === Fp || kind === Fq;
const places = (count: number): number[] => [...new Set([0, count - 1])];
const changed = (name: string, n: number, change: (x: bigint) => bigint): Uint8Array =>
  altered((copy) => {
    const part = copy.subarray(startOf(name));
    setElement(part, n, change(elementOf(part, n)));
  });

test("the layout covers the proof", () => {
  expect(STARTS.at(-1)).toBe(root.bytes.length);
});

const SIGN = 1n << 255n;

describe.each(PARTS.map((part) => [...part] as const))("%s", (name, kind, count, refusal) => {
  test("changed", async () => {
    for (const n of places(count)) {
      const bytes = isField(kind)
        ? changed(name, n, (x) => kind.add(x, 1n))
        : changed(name, n, (x) => x ^ SIGN); // the negative of the point
      expect(await verdict(bytes)).toContain(refusal);
    }
  }, 30_000);

  test("not canonical, or no point", async () => {
    const field = isField(kind) ? kind : kind.base;
    const noPoint = (x: bigint): bigint => {
      if (isField(kind)) return field.modulus;
      let bad = x & (SIGN - 1n);
      while (kind.withX(bad, true) !== null) bad = field.add(bad, 1n);
      return bad;
    };
    for (const n of places(count)) {
      for (const bad of [(x: bigint) => x + field.modulus, () => SIGN - 1n, noPoint]) {
        expect(await verdict(changed(name, n, bad))).toEqual([expect.stringMatching(/^form: /)]);
      }
    }
  });
});

test("points exchanged with points of another power", async () => {
  const swapped = altered((copy) => {
    const folds = copy.subarray(startOf("folds"));
    const [first, second] = [elementOf(folds, 0), elementOf(folds, 1)];
    setElement(folds, 0, second);
    setElement(folds, 1, first);
  });
  expect(await verdict(swapped)).toContain("opening");
});

test("any byte changed anywhere", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: root.bytes.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, mask) => {
        expect(await verdict(altered((copy) => (copy[at]! ^= mask)))).not.toEqual([]);
      },
    ),
    { numRuns: 15 },
  );
}, 30_000);

test("too few bytes, too many, none", async () => {
  const n = root.bytes.length;
  for (const bytes of [
    root.bytes.slice(0, 0),
    root.bytes.slice(0, HEAD),
    root.bytes.slice(0, n - 1),
    new Uint8Array([...root.bytes, 0]),
  ]) {
    expect(await verdict(bytes)).toEqual([expect.stringMatching(/^form: .*expected \d+ bytes/)]);
  }
});

// ---- keys that do not belong to the proof

describe("the two sorts of proofs", () => {
  test("are not taken for each other", async () => {
    const transparent = await compressedRoot();
    expect(await verdict(transparent.bytes, transparent.expected)).toEqual([
      expect.stringMatching(/^form: .*bytes/),
    ]);
    expect(await verifyCompressed(transparent.key, root.bytes, root.expected)).toEqual([
      expect.stringMatching(/^form: .*bytes/),
    ]);
  }, 60_000);

  test("version 1 of a proof is not read, nor another program's", async () => {
    for (const version of [0, 1, 3]) {
      expect(await verdict(altered((copy) => (copy[7] = version)))).toEqual([
        expect.stringContaining(`encoding version ${version}; this build reads 2 for a kzg key`),
      ]);
    }
    expect(await verdict(altered((copy) => (copy[8]! ^= 1)))).toEqual([
      expect.stringContaining("another program"),
    ]);
  });

  test("another tau: neither its vk nor its pairing makes the proof valid", async () => {
    const other = { ...identity, tau2: (await unsafePowers(key.engine, 5n, 2)).tau2 };
    const system = withKey(plainPoseidon(), root.able.system, other);
    const asIs = { ...key, system };
    expect(await verifyCompressed(asIs, root.bytes, root.expected)).toEqual([
      expect.stringContaining("another program"),
    ]);
    const relabelled = altered((copy) => copy.set(elementsToBytes([system.vk]), 8));
    expect(await verifyCompressed(asIs, relabelled, root.expected)).toEqual(["fold"]);
    const sameVk = { ...key, system: { ...key.system, key: other } };
    expect(await verifyCompressed(sameVk, root.bytes, root.expected)).toEqual(["opening"]);
  }, 30_000);
});

describe("the verifying key's file", () => {
  const file = async (): Promise<Uint8Array> =>
    encodeVerifierKey(root.able.system, toyStep(), (await srs()).bases);
  const decode = (bytes: Uint8Array) =>
    decodeVerifierKey(bytes, verifierKeyDigest(bytes), plainPoseidon());
  /** Behind magic, version, vk and context. */
  const KEY_AT = 8 + 64;

  test("is all that verifying takes, in another engine, and holds no bases", async () => {
    const bytes = await file();
    expect(bytes.length).toBeLessThan(2 ** 19);
    const read = decode(bytes);
    expect(read.system).toEqual(root.able.system);
    const engine = await createEngine({ load: readModules, backend: "int29" });
    const loaded = loadVerifierKey(engine, read.system, read.structures, read.bases);
    expect(loaded.keys.w.length).toBe(1);
    expect(await verifyCompressed(loaded, root.bytes, root.expected)).toEqual([]);
    expect(await verifyCompressed(loaded, root.bytes, { ...root.expected, steps: 1n })).toEqual([
      "statement: j",
    ]);
  }, 60_000);

  test("with another tau or other bases is refused, because vk names them", async () => {
    const bytes = await file();
    const refused = (change: (copy: Uint8Array) => void, message: RegExp): void => {
      const copy = new Uint8Array(bytes);
      change(copy);
      expect(() => decode(copy)).toThrow(FoldingError);
      expect(() => decode(copy)).toThrow(message);
    };
    refused((copy) => (copy[KEY_AT]! ^= 1), /another version of the protocol/);
    const tau2 = g2ToBytes((await unsafePowers(key.engine, 5n, 2)).tau2);
    refused((copy) => copy.set(tau2, KEY_AT + 32), /another version of the protocol/);
    refused((copy) => (copy[KEY_AT + 32]! ^= 1), /not a point of G2/);
    refused((copy) => copy.fill(0, KEY_AT + 32, KEY_AT + 160), /not a point of G2/);
    refused((copy) => copy.fill(255, KEY_AT + 32, KEY_AT + 160), /not a point of G2/);
    refused((copy) => (copy[7] = 3), /encoding version 3; this build reads 1 and 2/);
    expect(() => decode(new Uint8Array([...bytes, 0]))).toThrow(/expected 0 bytes of generators/);
    expect(() => decode(bytes.slice(0, -1))).toThrow(/too early/);
  }, 60_000);
});
