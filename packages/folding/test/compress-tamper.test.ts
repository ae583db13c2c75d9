// Compressed proofs against an adversary: every part changed, at the first and at the last place, statements
// exchanged, other programs, contexts and lengths, malformed bytes.

import {
  type Curve,
  ELEMENT_BYTES,
  Fp,
  Fq,
  G1,
  Grumpkin,
  POINT_BYTES,
  type Point,
  type PrimeField,
  bigintEngine,
  elementsToBytes,
  pointsFromBytes,
  pointsToBytes,
} from "@foldmesh/algebra";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeProof } from "../src/compress/proof.ts";
import {
  type CompressedExpectation,
  type CompressedProof,
  FoldingError,
  decodeProof,
  loadVerifierKey,
  verifyCompressed,
} from "../src/index.ts";
import { powAt } from "../src/multilinear.ts";
import { type CompressedRoot, compressedRoot, compressorOf } from "./compress-support.ts";
import { elementOf, setElement } from "./forge.ts";
import { type Scenario, next, scenario } from "./scenario.ts";
import { productStep, readVectors, setupFor } from "./support.ts";
import { toyStep } from "./toy-step.ts";

let shared: Scenario;
let root: CompressedRoot;
beforeAll(async () => {
  shared = await scenario();
  root = await compressedRoot();
}, 120_000);

const verdict = (
  proof: Uint8Array,
  change: Partial<CompressedExpectation> = {},
): Promise<string[]> => verifyCompressed(root.key, proof, { ...root.expected, ...change });

const altered = (change: (copy: Uint8Array) => void): Uint8Array => {
  const copy = new Uint8Array(root.bytes);
  change(copy);
  return copy;
};

// ---- the layout for a = 2, s = 15 (IPA of 15 rounds), written from the format's description

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
  ["rounds", Fp, 45, "fold"],
  ["evaluations", Fp, 9, "fold"],
  ["y_U", Fp, 1, "opening"], // not in the sumcheck's last check
  ["y_g", Fp, 1, "fold"],
  ["b'", Fp, 1, "opening"],
  ["LR", G1, 30, "opening"],
  ["a", Fp, 1, "opening"],
  ["Phi_rnd.C_X", Grumpkin, 1, "Phi: public input"],
  ["Phi_rnd.C_W, C_E, C_T", Grumpkin, 3, "Phi: public input"], // r moves with them
  ["X'", Fq, 12, "Phi: public input"],
  ["b_X'", Fq, 1, "Phi: public input"],
  ["Phi rounds", Fq, 36, "Phi: relation"],
  ["Phi evaluations", Fq, 4, "Phi: relation"],
  ["products", Fq, 2, "Phi: opening"],
  ["Phi blind", Fq, 1, "Phi: opening"],
  ["Phi LR", Grumpkin, 24, "Phi: opening"],
  ["Phi a", Fq, 1, "Phi: opening"],
];

const isField = (kind: Curve | PrimeField): kind is PrimeField => kind === Fp || kind === Fq;
const sizeOf = (kind: Curve | PrimeField): number => (isField(kind) ? ELEMENT_BYTES : POINT_BYTES);

const STARTS: readonly number[] = PARTS.reduce(
  (starts, [, kind, count]) => [...starts, starts.at(-1)! + count * sizeOf(kind)],
  [HEAD],
);
const startOf = (name: string): number => STARTS[PARTS.findIndex((part) => part[0] === name)]!;

test("the layout covers the proof", () => {
  expect(STARTS.at(-1)).toBe(root.bytes.length);
});

const places = (count: number): number[] => [...new Set([0, count - 1])];

describe.each(PARTS.filter(([, kind]) => isField(kind)) as [string, PrimeField, number, string][])(
  "%s",
  (name, field, count, refusal) => {
    const altering = (n: number, change: (x: bigint) => bigint): Uint8Array =>
      altered((copy) => {
        const part = copy.subarray(startOf(name));
        setElement(part, n, change(elementOf(part, n)));
      });

    test("another element", async () => {
      for (const n of places(count)) {
        expect(await verdict(altering(n, (x) => field.add(x, 1n)))).toContain(refusal);
      }
    });

    test("an element that is not canonical", async () => {
      for (const n of places(count)) {
        for (const bad of [
          (x: bigint) => x + field.modulus,
          () => field.modulus,
          () => (1n << 256n) - 1n,
        ]) {
          expect(await verdict(altering(n, bad))).toEqual([
            expect.stringMatching(/^form: .*not below the modulus/),
          ]);
        }
      }
    });
  },
);

describe.each(PARTS.filter(([, kind]) => !isField(kind)) as [string, Curve, number, string][])(
  "%s",
  (name, curve, count, refusal) => {
    const altering = (n: number, change: (P: Point) => Point): Uint8Array =>
      altered((copy) => {
        const at = startOf(name) + POINT_BYTES * n;
        const [P] = pointsFromBytes(curve, copy.slice(at, at + POINT_BYTES));
        copy.set(pointsToBytes([change(P!)]), at);
      });

    test("another point", async () => {
      for (const n of places(count)) {
        expect(await verdict(altering(n, (P) => curve.add(P, P)!))).toContain(refusal);
        expect(await verdict(altering(n, (P) => curve.neg(P)))).toContain(refusal);
      }
    });

    test("no point, or not as it is written", async () => {
      for (const n of places(count)) {
        const bad: ((P: Point) => Point)[] = [
          ([x, y]) => [x, curve.base.add(y, 1n)],
          ([x, y]) => [y, x],
          () => [0n, 0n],
          ([x, y]) => [x + curve.base.modulus, y],
        ];
        for (const change of bad) {
          expect(await verdict(altering(n, change))).toEqual([expect.stringMatching(/^form: /)]);
        }
      }
    });
  },
);

describe("head", () => {
  const setByte = (at: number, value: number): Uint8Array => altered((copy) => (copy[at] = value));
  const setIndex = (at: number, value: number): Uint8Array =>
    altered((copy) => new DataView(copy.buffer).setUint32(at, value));
  const [K, I, J] = [HEAD - 9, HEAD - 8, HEAD - 4];

  test("magic, version, vk", async () => {
    for (const at of [0, 5])
      expect(await verdict(setByte(at, 0))).toEqual([expect.stringContaining("magic")]);
    for (const version of [0, 2, 255]) {
      expect(await verdict(setByte(7, version))).toEqual([
        expect.stringContaining(`encoding version ${version}; this build reads 1`),
      ]);
    }
    for (const at of [8, 39]) {
      expect(await verdict(altered((copy) => (copy[at]! ^= 1)))).toEqual([
        expect.stringContaining("another program, context"),
      ]);
    }
  });

  test("kind", async () => {
    expect(await verdict(setByte(K, 0))).toEqual([expect.stringContaining("leaf rule")]);
    for (const k of [2, 7, 255]) {
      expect(await verdict(setByte(K, k))).toEqual([expect.stringContaining("kind is malformed")]);
    }
    const leaf = setIndex(J, 1);
    leaf[K] = 0;
    expect(await verdict(leaf, { steps: 1n })).toEqual(["fold"]);
  });

  test("range", async () => {
    expect(await verdict(setIndex(J, 4))).toEqual(["statement: j"]);
    expect(await verdict(setIndex(J, 4), { steps: 4n })).toEqual(["fold"]);
    expect(await verdict(setIndex(I, 1), { first: 1n, steps: 2n })).toEqual(["fold"]);
    expect(await verdict(setIndex(I, 3))).toEqual([expect.stringContaining("range")]);
    expect(await verdict(setIndex(J, 0))).toEqual([expect.stringContaining("range")]);
  });
});

describe("statements", () => {
  test("of another computation, though the verifier expects it", async () => {
    const zn = root.expected.zn.map(next);
    const outputs = altered((copy) => copy.set(elementsToBytes(zn), startOf("z'")));
    expect(await verdict(outputs, { zn })).toEqual(["fold"]);
    const z0 = root.expected.z0.map(next);
    const inputs = altered((copy) => copy.set(elementsToBytes(z0), startOf("z")));
    expect(await verdict(inputs, { z0 })).toEqual(["fold"]);
    const reversed = altered((copy) =>
      copy.set(elementsToBytes([...root.expected.zn, ...root.expected.z0]), startOf("z")),
    );
    const turned = { z0: root.expected.zn, zn: root.expected.z0 };
    expect(await verdict(reversed, turned)).toEqual(["fold"]);
  });

  test("of another node of the same tree", async () => {
    const { m01 } = shared;
    const proof = encodeProof(shared.setup.system, { ...root.proof, D: m01.node.D });
    expect(await verdict(proof, { zn: m01.node.D.zOut, steps: 2n })).toEqual(["fold"]);
  });
});

describe("errors that cancel in the last check of a sumcheck are caught by the opening", () => {
  const { gamma, tau, chi, rounds } = readVectors("compressed.json"); // of this very proof
  const refused = async (change: Partial<CompressedProof>): Promise<string[]> =>
    verdict(encodeProof(shared.setup.system, { ...root.proof, ...change }));

  test("y_g against the fresh instance's c", async () => {
    const { fold } = root.proof;
    const [sigmaU, sigmaRnd, [a, b, c]] = fold.evals;
    const pow = powAt(
      tau,
      rounds.map(({ challenge }: { challenge: bigint }) => challenge),
    );
    const yG = Fp.reduce(fold.yG - pow * gamma ** 6n);
    const evals = [sigmaU, sigmaRnd, [a, b, Fp.sub(c, chi)]] as const;
    expect(await refused({ fold: { ...fold, yG, evals } })).toContain("opening");
  });

  test("two evaluations of U", async () => {
    const { fold } = root.proof;
    const [[a, b, c], sigmaRnd, theta] = fold.evals;
    const evals = [[Fp.add(a, gamma), Fp.sub(b, 1n), c], sigmaRnd, theta] as const;
    expect(await refused({ fold: { ...fold, evals } })).toContain("opening");
  });

  test("c against e on Φ's side", async () => {
    const { relaxed } = root.proof;
    const [a, b, c, e] = relaxed.evals;
    const evals = [a, b, Fq.add(c, 1n), Fq.sub(e, relaxed.X[0]!)] as const;
    expect(await refused({ relaxed: { ...relaxed, evals } })).toEqual(["Phi: opening"]);
  });
});

describe("other programs", () => {
  test("another context: neither its key nor its vk makes the proof valid", async () => {
    const other = await setupFor(toyStep(), undefined, 5n);
    const key = compressorOf(other, toyStep(), 5n).verifier;
    expect(await verifyCompressed(key, root.bytes, root.expected)).toEqual([
      expect.stringContaining("another program, context"),
    ]);
    const relabelled = altered((copy) => copy.set(elementsToBytes([other.system.vk]), 8));
    expect(await verifyCompressed(key, relabelled, root.expected)).toEqual(["fold"]);
  }, 60_000);

  test("another step circuit", async () => {
    const step = productStep(2);
    const key = compressorOf(await setupFor(step), step).verifier;
    expect(await verifyCompressed(key, root.bytes, root.expected)).toEqual([
      expect.stringMatching(/^form: /),
    ]);
  }, 60_000);

  test("a key without enough bases is refused", () => {
    expect(() =>
      loadVerifierKey(
        bigintEngine(),
        shared.setup.system,
        undefined as never, // not reached
        new Uint8Array(POINT_BYTES * shared.setup.system.dims.witness),
      ),
    ).toThrow(/compression needs 32768/);
  });
});

describe("bytes", () => {
  const refused = async (bytes: unknown): Promise<void> => {
    expect(() => decodeProof(shared.setup.system, bytes as Uint8Array)).toThrow(FoldingError);
    expect(await verdict(bytes as Uint8Array)).toEqual([expect.stringMatching(/^form: /)]);
  };

  test("too few, too many, none", async () => {
    const n = root.bytes.length;
    for (const end of [0, 1, 40, HEAD, n - 32, n - 1]) await refused(root.bytes.slice(0, end));
    await refused(new Uint8Array([...root.bytes, 0]));
    await refused(new Uint8Array([...root.bytes, ...root.bytes]));
    for (const nothing of [undefined, null, 7, "FMCOMP", [...root.bytes], root.bytes.buffer]) {
      await refused(nothing);
    }
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
      { numRuns: 25 },
    );
  }, 30_000);

  test("noise", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 64 }), async (noise) => {
        await refused(noise);
        const tail = altered((copy) => copy.set(noise, copy.length - noise.length));
        if (noise.length > 0) expect(await verdict(tail)).not.toEqual([]);
      }),
      { numRuns: 10 },
    );
  }, 30_000);
});
