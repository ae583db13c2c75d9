// G2, pairings and powers-of-tau files: our own files, one of snarkjs, and broken ones.

import { bn254 } from "@noble/curves/bn254.js";
import fc from "fast-check";
// @ts-expect-error it has no types
import { powersOfTau } from "snarkjs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  AlgebraError,
  type ByteSource,
  type Engine,
  Fp,
  Fq,
  G1,
  G2_BYTES,
  G2_GENERATOR,
  type G2Point,
  POINT_BYTES,
  arePowers,
  bigintEngine,
  createEngine,
  elementsToBytes,
  g2FromBytes,
  g2ToBytes,
  isG2Point,
  pairingsCancel,
  pointsFromBytes,
  pointsToBytes,
  readElement,
  readPtau,
  readPtauLayout,
  sameG2,
  secureRng,
  viewOf,
  writeElement,
} from "../src/index.ts";
import { multiplyG2 } from "../src/kzg/g2.ts";
import { unsafePowers, unsafePtau } from "../src/kzg/unsafe-setup.ts";
import { readModules } from "../src/wasm/load-node.ts";

const G = [1n, 2n] as const;
const rng = secureRng();
const scalar = fc.bigInt({ min: 1n, max: Fp.modulus - 1n });

/** On the curve of G2, of another order. */
function offSubgroup(): G2Point {
  const { Fp2 } = bn254.fields;
  for (let x0 = 1n; ; x0++) {
    const x = Fp2.fromBigTuple([x0, 1n]);
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), bn254.G2.Point.CURVE().b);
    try {
      const y = Fp2.sqrt(square);
      return [
        [x.c0, x.c1],
        [y.c0, y.c1],
      ];
    } catch {
      continue; // no square
    }
  }
}

describe("G2", () => {
  test("points go through bytes", () => {
    fc.assert(
      fc.property(scalar, (k) => {
        const P = multiplyG2(k);
        expect(isG2Point(P)).toBe(true);
        expect(g2FromBytes(g2ToBytes(P))).toEqual(P);
        expect(sameG2(P, G2_GENERATOR)).toBe(k === 1n);
      }),
      { numRuns: 5 },
    );
  });

  test("the generator is that of EIP-197", () => {
    expect(G2_GENERATOR[0][0]).toBe(
      10857046999023057135944570762232829481370756359578518086990519993285655852781n,
    );
    expect(multiplyG2(1n)).toEqual(G2_GENERATOR);
  });

  test("refuses what is no point of it", () => {
    const [[x0, x1], y] = G2_GENERATOR;
    const bad: [G2Point, string][] = [
      [[[x0 + 1n, x1], y], "NOT_ON_CURVE"],
      [[[x1, x0], y], "NOT_ON_CURVE"],
      [
        [
          [0n, 0n],
          [0n, 0n],
        ],
        "NOT_ON_CURVE",
      ],
      [[[x0 + Fq.modulus, x1], y], "NON_CANONICAL"],
      [offSubgroup(), "NOT_ON_CURVE"],
    ];
    for (const [point, code] of bad) {
      expect(isG2Point(point)).toBe(false);
      expect(() => g2FromBytes(g2ToBytes(point))).toThrow(expect.objectContaining({ code }));
    }
    expect(() => g2FromBytes(new Uint8Array(G2_BYTES - 1))).toThrow(/expected 128 bytes/);
  });
});

describe("pairing", () => {
  test("is bilinear", () => {
    fc.assert(
      fc.property(scalar, scalar, (a, b) => {
        const aG = G1.mul(a, G)!;
        const minus = G1.neg(G1.mul(a * b, G)!);
        const holds = pairingsCancel([
          [aG, multiplyG2(b)],
          [minus, G2_GENERATOR],
        ]);
        expect(holds).toBe(true);
        expect(
          pairingsCancel([
            [G1.add(aG, G), multiplyG2(b)],
            [minus, G2_GENERATOR],
          ]),
        ).toBe(false);
      }),
      { numRuns: 3 },
    );
  });

  test("takes the identity as a factor 1", () => {
    expect(pairingsCancel([])).toBe(true);
    expect(pairingsCancel([[null, G2_GENERATOR]])).toBe(true);
    expect(
      pairingsCancel([
        [null, G2_GENERATOR],
        [G, G2_GENERATOR],
      ]),
    ).toBe(false);
  });
});

// ---- files

const POWER = 4;
const COUNT = 2 ** (POWER + 1) - 1;
/** Where things are in a file of `unsafePtau`. */
const HEADER_AT = 12 + 12;
const G1_AT = HEADER_AT + 44 + 12;
const G2_AT = G1_AT + POINT_BYTES * COUNT + 12;

let engine: Engine;
let tau: bigint;
let file: Uint8Array;
beforeAll(async () => {
  engine = await createEngine({ load: readModules });
  tau = rng.element(Fp);
  file = await unsafePtau(engine, tau, POWER);
});

const sourceOf = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: async (at, length) => {
    expect(at + length).toBeLessThanOrEqual(bytes.length);
    return bytes.slice(at, at + length);
  },
});

const read = (bytes: Uint8Array, count = 9): ReturnType<typeof readPtau> =>
  readPtau(bigintEngine(), sourceOf(bytes), count, rng);

const altered = (change: (copy: Uint8Array, view: DataView) => void): Uint8Array => {
  const copy = new Uint8Array(file);
  change(copy, viewOf(copy));
  return copy;
};

async function refusal(bytes: Uint8Array, count?: number): Promise<string> {
  const error: unknown = await read(bytes, count).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(AlgebraError);
  return `${(error as AlgebraError).code}: ${(error as AlgebraError).message}`;
}

describe("powers of tau", () => {
  test("are what they should be", async () => {
    const { bases, tau2 } = await unsafePowers(engine, tau, COUNT);
    const points = pointsFromBytes(G1, bases);
    expect(points).toEqual(points.map((_, i) => G1.mul(Fp.pow(tau, BigInt(i)), G)));
    expect(tau2).toEqual(multiplyG2(tau));
  });

  test("are read back, on both engines, in any number that is there", async () => {
    const { bases, tau2 } = await unsafePowers(engine, tau, COUNT);
    for (const count of [2, 9, COUNT]) {
      const expected = { bases: bases.slice(0, count * POINT_BYTES), tau2 };
      expect(await read(file, count)).toEqual(expected);
      expect(await readPtau(engine, sourceOf(file), count, rng)).toEqual(expected);
    }
    expect(await refusal(file, COUNT + 1)).toBe(
      "SRS_TOO_SMALL: the program needs 32 powers of tau, this file has 31: take one of power 5 or more",
    );
  });

  test("in a file of snarkjs with a contribution", async () => {
    const fresh = { type: "mem" as const, data: new Uint8Array() };
    const contributed = { type: "mem" as const, data: new Uint8Array() };
    const { buildBn128 } = await import("ffjavascript");
    const curve = await buildBn128(true);
    await powersOfTau.newAccumulator(curve, POWER, fresh);
    expect(await refusal(fresh.data)).toMatch(/^SRS_INVALID: .*nobody has contributed/);
    await powersOfTau.contribute(fresh, contributed, "test", "some entropy");
    const { bases, tau2 } = await read(contributed.data, COUNT);
    expect(await readPtauLayout(sourceOf(contributed.data))).toMatchObject({ power: POWER });
    const key = engine.commitmentKey(G1, bases, G);
    expect(await arePowers(engine, key, tau2, rng)).toBe(true);
    expect(await arePowers(engine, key, multiplyG2(tau), rng)).toBe(false);
    await curve.terminate();
  }, 60_000);
});

describe("what is no such file", () => {
  test("cut off anywhere", async () => {
    for (const length of [0, 3, 11, 12, 23, 30, HEADER_AT + 43, G1_AT, G2_AT, file.length - 1]) {
      expect(await refusal(file.slice(0, length))).toMatch(/^SRS_FORMAT: /);
    }
  });

  test("magic, version, directory, header", async () => {
    const word = (at: number, value: number): Promise<string> =>
      refusal(altered((_, view) => view.setUint32(at, value, true)));
    expect(await word(0, 0x74617470)).toContain('does not begin with "ptau"');
    expect(await word(4, 2)).toContain("version 2, this build reads 1");
    expect(await word(8, 2 ** 32 - 1)).toContain("claims 4294967295 sections");
    expect(await word(8, 2)).toContain("section 3 is missing");
    expect(await word(12, 2)).toContain("section 2 twice");
    expect(await word(12, 9)).toContain("section 1 is missing");
    expect(await word(20, 2 ** 31)).toContain("section 1 ends behind the file");
    expect(await word(HEADER_AT, 48)).toContain("another curve");
    expect(await word(HEADER_AT + 4, 5)).toContain("another curve");
    for (const power of [0, 29, 2 ** 31, POWER + 1]) {
      expect(await word(HEADER_AT + 36, power)).toContain(`power ${power} of a ceremony of 4`);
    }
    expect(await word(HEADER_AT + 36, POWER - 1)).toContain(
      "section 2 has 1984 bytes, expected 960",
    );
  });
});

describe("points that are not powers", () => {
  /** In Montgomery form. */
  const setPoint = (copy: Uint8Array, at: number, bytes: Uint8Array): void => {
    const [view, from] = [viewOf(copy), viewOf(bytes)];
    for (let n = 0; n < bytes.length; n += 32) {
      writeElement(view, at + n, Fq.reduce(readElement(from, n) << 256n));
    }
  };
  const withG1 = (i: number, k: bigint): Uint8Array =>
    altered((copy) => setPoint(copy, G1_AT + i * POINT_BYTES, pointsToBytes([G1.mul(k, G)!])));
  const withG2 = (i: number, P: G2Point): Uint8Array =>
    altered((copy) => setPoint(copy, G2_AT + i * G2_BYTES, g2ToBytes(P)));

  test("off the curve, or not canonical", async () => {
    for (const i of [0, 1, 8]) {
      const at = G1_AT + i * POINT_BYTES;
      expect(await refusal(altered((copy) => (copy[at]! ^= 1)))).toMatch(
        /^SRS_INVALID: .*on the curve/,
      );
      expect(await refusal(altered((copy) => copy.fill(0, at, at + POINT_BYTES)))).toMatch(
        /^SRS_INVALID: .*on the curve/,
      );
      expect(await refusal(altered((_, view) => writeElement(view, at, Fq.modulus)))).toMatch(
        /^SRS_INVALID: .*below the modulus/,
      );
    }
    expect(await read(altered((copy) => (copy[G1_AT + 9 * POINT_BYTES]! ^= 1)))).toBeDefined();
  });

  test("another generator, or a trivial tau", async () => {
    expect(await refusal(withG1(0, 2n))).toContain("first point of G1 is not the generator");
    expect(await refusal(withG2(0, multiplyG2(2n)))).toContain("first point of G2 is not");
    expect(await refusal(withG2(1, G2_GENERATOR))).toContain("tau is 1");
    const [x, y] = multiplyG2(tau);
    expect(await refusal(withG2(1, [x, [y[1], y[0]]]))).toContain("point 1 of G2 is none");
    expect(await refusal(withG2(1, offSubgroup()))).toContain("point 1 of G2 is none");
  });

  test("one power exchanged, at either end", async () => {
    for (const i of [1, 2, 8]) {
      const wrong = withG1(i, Fp.pow(tau, BigInt(i)) + 1n);
      expect(await refusal(wrong)).toBe(
        "SRS_INVALID: not powers of a tau: the pairings differ; get the file again from its ceremony",
      );
    }
  });

  test("another tau in G2, or powers of two taus", async () => {
    expect(await refusal(withG2(1, multiplyG2(Fp.reduce(tau + 1n))))).toContain("pairings differ");
    const other = await unsafePtau(engine, rng.element(Fp), POWER);
    const mixed = altered((copy) => copy.set(other.slice(G1_AT + 320, G1_AT + 640), G1_AT + 320));
    expect(await refusal(mixed)).toContain("pairings differ");
  });

  test("errors that would cancel in a plain sum", async () => {
    const t = (i: number): bigint => Fp.pow(tau, BigInt(i));
    const two = altered((copy) => {
      for (const [i, k] of [
        [3, t(3) + 1n],
        [5, t(5) - 1n],
      ] as const) {
        setPoint(copy, G1_AT + i * POINT_BYTES, pointsToBytes([G1.mul(k, G)!]));
      }
    });
    expect(await refusal(two)).toContain("pairings differ");
  });

  test("any byte of the points that are read", async () => {
    const used = [
      ...Array.from({ length: 9 * POINT_BYTES }, (_, n) => G1_AT + n),
      ...Array.from({ length: 2 * G2_BYTES }, (_, n) => G2_AT + n),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...used),
        fc.integer({ min: 1, max: 255 }),
        async (at, mask) => {
          expect(await refusal(altered((copy) => (copy[at]! ^= mask)))).toMatch(/^SRS_INVALID/);
        },
      ),
      { numRuns: 20 },
    );
  });
});

test("elements go into Montgomery form and back", async () => {
  const bytes = elementsToBytes([Fq.reduce(1n << 256n)]);
  expect(file.slice(G1_AT, G1_AT + 32)).toEqual(bytes);
});
