// The parts of a compressed proof by themselves: transcript, inner-product argument, Libra mask, Φ's side.

import {
  Fp,
  Fq,
  G1,
  Grumpkin,
  POINT_BYTES,
  type Curve,
  type Engine,
  type Point,
  type PrimeField,
  bigintEngine,
  elementsToBytes,
  generators,
  horner,
  innerProduct,
  pointsToBytes,
} from "@foldmesh/algebra";
import { MatrixBuilder, rowOf } from "@foldmesh/r1cs";
import { sha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ByteTranscript } from "../src/compress/byte-transcript.ts";
import { type IpaProof, ipaProve, ipaReduce, isMet } from "../src/compress/ipa.ts";
import { libraEvaluate, libraSum, libraSummand } from "../src/compress/libra.ts";
import { relaxedProve, relaxedReduce } from "../src/compress/relaxed.ts";
import { transpose } from "../src/compress/transpose.ts";
import type { Compressor, TreeNode } from "../src/index.ts";
import { compressor, compressorOf } from "./compress-support.ts";
import { edited, elementOf, recommittedPhi, setElement } from "./forge.ts";
import { scenario } from "./scenario.ts";
import { referenceRng, setupFor, testEngine } from "./support.ts";
import { toyStep } from "./toy-step.ts";

describe("byte transcript", () => {
  const after = (...calls: [label: string, elements: bigint[]][]): bigint => {
    const transcript = new ByteTranscript();
    for (const [label, elements] of calls) transcript.absorb(label, elements);
    return transcript.challenge(Fp);
  };

  test("is the documented string", () => {
    const state = sha512(
      Buffer.concat([
        Buffer.alloc(64),
        Buffer.from([0, 0, 0, 2, 0x61, 0x62, 0, 0, 0, 2]),
        elementsToBytes([1n, 0x0203n]),
      ]),
    );
    const digest = sha512(Buffer.concat([state, Buffer.from("challenge")]));
    const expected = [...digest].reduceRight((acc, byte) => acc * 256n + BigInt(byte), 0n);
    expect(after(["ab", [1n, 0x0203n]])).toBe(expected % Fp.modulus);
    const transcript = new ByteTranscript();
    transcript.absorb("ab", [1n, 0x0203n]);
    expect(transcript.challenge(Fq)).toBe(expected % Fq.modulus);
  });

  test("separates labels, counts and calls", () => {
    const challenges = [
      after(["a", [1n, 2n]]),
      after(["a", [1n]], ["", [2n]]),
      after(["", [1n, 2n]]),
      after(["a", [1n, 2n, 0n]]),
      after(["a", [1n]], ["a", [2n]]),
      after(["a", [1n]]),
      after(["a", []], ["a", [1n]]),
      after(["aa", [1n]]),
      after(["a", []]),
      after(["challenge", []]),
    ];
    expect(new Set(challenges).size).toBe(challenges.length);
  });

  test("takes 32-byte integers only, and gives one challenge for each absorb", () => {
    for (const bad of [1n << 256n, -1n]) expect(() => after(["a", [bad]])).toThrow(/not a list/);
    const transcript = new ByteTranscript();
    expect(() => transcript.challenge(Fp)).toThrow(/two challenges/);
    transcript.absorb("a", []);
    transcript.challenge(Fp);
    expect(() => transcript.challenge(Fp)).toThrow(/two challenges/);
  });
});

// ---- inner-product argument against one that folds its generators, on BigInt

const sum = (curve: Curve, points: (Point | null)[]): Point | null =>
  points.reduce((acc, point) => curve.add(acc, point), null);
const linear = (curve: Curve, ks: bigint[], points: (Point | null)[]): Point | null =>
  sum(
    curve,
    points.map((point, n) => curve.mul(ks[n]!, point)),
  );

function plainIpa(
  curve: Curve,
  G: (Point | null)[],
  Q: Point,
  a: bigint[],
  b: bigint[],
  transcript: ByteTranscript,
): IpaProof {
  const F = curve.scalar;
  const LR: [Point, Point][] = [];
  while (a.length > 1) {
    const half = a.length / 2;
    const lo = <T>(v: T[]): T[] => v.slice(0, half);
    const hi = <T>(v: T[]): T[] => v.slice(half);
    const cross = (ks: bigint[], points: (Point | null)[], bs: bigint[]): Point =>
      curve.add(linear(curve, ks, points), curve.mul(innerProduct(F, ks, bs), Q))!;
    const L = cross(lo(a), hi(G), hi(b));
    const R = cross(hi(a), lo(G), lo(b));
    transcript.absorb("LR", [...L, ...R]);
    const x = transcript.challenge(F);
    const y = F.inv(x);
    const fold = (u: bigint[], k: bigint, l: bigint): bigint[] =>
      lo(u).map((value, n) => F.reduce(k * value + l * hi(u)[n]!));
    const Glo = lo(G);
    const Ghi = hi(G);
    G = Glo.map((point, n) => curve.add(curve.mul(y, point), curve.mul(x, Ghi[n]!)));
    a = fold(a, x, y);
    b = fold(b, y, x);
    LR.push([L, R]);
  }
  return { LR, a: a[0]! };
}

interface Instance {
  readonly curve: Curve;
  readonly G: readonly Point[];
  readonly H: Point;
  readonly base: Point;
  readonly a: bigint[];
  readonly b: bigint[];
  readonly blind: bigint;
  readonly x0: bigint;
}

/** n is a power of two; `bases` of them are there, b is zero behind. */
function instance(curve: Curve, n: number, bases: number, seed: string): Instance {
  const rng = referenceRng(`ipa ${seed}`);
  const F = curve.scalar;
  const G = generators(curve, "w", bases);
  const b = rng.elements(F, n).map((x, k) => (k < bases ? x : 0n));
  return {
    curve,
    G,
    H: generators(curve, "h", 1)[0]!,
    base: generators(curve, "ipaQ", 1)[0]!,
    a: rng.elements(F, n).map((x, k) => (k < bases ? x : 0n)),
    b,
    blind: rng.element(F),
    x0: rng.element(F),
  };
}

const opened = (): ByteTranscript => {
  const transcript = new ByteTranscript();
  transcript.absorb("test", []);
  transcript.challenge(Fp);
  return transcript;
};

async function proveOn(engine: Engine, it: Instance): Promise<IpaProof> {
  const F = engine[it.curve.scalar.name];
  const key = engine.commitmentKey(it.curve, pointsToBytes(it.G), it.H);
  const Q = it.curve.mul(it.x0, it.base)!;
  return engine.scope(() =>
    ipaProve(engine, key, Q, F.fromElements(it.a), F.fromElements(it.b), opened()),
  );
}

async function verifyOn(
  engine: Engine,
  it: Instance,
  proof: IpaProof,
  change: { value?: bigint; blind?: bigint } = {},
): Promise<boolean> {
  const F = engine[it.curve.scalar.name];
  const key = engine.commitmentKey(it.curve, pointsToBytes(it.G), it.H);
  const C = it.curve.msm([...it.G, it.H], [...it.a.slice(0, it.G.length), it.blind])!;
  const value = innerProduct(it.curve.scalar, it.a, it.b);
  return engine.scope(async () => {
    const b = F.fromElements(it.b.slice(0, it.G.length));
    const claim = { key, terms: [[1n, C] as const], blind: it.blind, b, value, ...change };
    const Q = { base: it.base, x0: it.x0 };
    const obligation = await ipaReduce(engine, claim, Q, proof, opened());
    return obligation !== null && isMet(engine, obligation);
  });
}

describe("inner-product argument", () => {
  const SHAPES: [Curve, number, number][] = [
    [G1, 2, 2],
    [G1, 16, 16],
    [Grumpkin, 16, 16],
    [G1, 8, 5],
    [Grumpkin, 8, 7],
    [Grumpkin, 4, 3],
  ];

  test.each(SHAPES)("on %o of length %i with %i bases: all agree", async (curve, n, bases) => {
    const it = instance(curve, n, bases, `${curve.name} ${n} ${bases}`);
    const padded = [...it.G, ...Array.from({ length: n - bases }, () => null)];
    const Q = curve.mul(it.x0, it.base)!;
    const expected = plainIpa(curve, padded, Q, it.a, it.b, opened());
    for (const engine of [bigintEngine(), await testEngine()]) {
      const proof = await proveOn(engine, it);
      expect(proof).toEqual(expected);
      expect(await verifyOn(engine, it, proof)).toBe(true);
    }
  });

  test("refuses another value, blind, vector, weight, point and order", async () => {
    const engine = await testEngine();
    const it = instance(G1, 8, 8, "refusals");
    const proof = await proveOn(engine, it);
    const value = innerProduct(Fp, it.a, it.b);
    expect(await verifyOn(engine, it, proof, { value: Fp.add(value, 1n) })).toBe(false);
    expect(await verifyOn(engine, it, proof, { blind: Fp.add(it.blind, 1n) })).toBe(false);
    expect(await verifyOn(engine, { ...it, a: it.a.with(3, 1n) }, proof, { value })).toBe(false);
    expect(await verifyOn(engine, { ...it, b: it.b.with(7, 1n) }, proof, { value })).toBe(false);
    expect(await verifyOn(engine, { ...it, x0: 1n }, proof)).toBe(false);
    const [[L, R], ...rest] = proof.LR as [[Point, Point], ...[Point, Point][]];
    for (const LR of [
      [[R, L], ...rest],
      [[G1.neg(L), R], ...rest],
      [...rest, [L, R]],
    ] as [Point, Point][][]) {
      expect(await verifyOn(engine, it, { ...proof, LR })).toBe(false);
    }
    expect(await verifyOn(engine, it, { ...proof, a: Fp.neg(proof.a) })).toBe(false);
  });

  test("of a false claim is refused, whatever hides behind the end of a short key", async () => {
    const engine = await testEngine();
    const it = instance(Grumpkin, 8, 5, "behind");
    const hidden = { ...it, a: it.a.map((x, k) => (k < 5 ? x : 9n)) };
    const proof = await proveOn(engine, hidden);
    expect(await verifyOn(engine, hidden, proof)).toBe(true); // b is zero there: it changes nothing
    const value = Fq.add(innerProduct(Fq, it.a, it.b), 9n);
    expect(await verifyOn(engine, hidden, proof, { value })).toBe(false);
  });
});

// ---- Libra mask

describe("Libra mask", () => {
  const s = 3;
  const rng = referenceRng("masks");
  const g = rng.elements(Fp, 3 * s + 1);
  const point = rng.elements(Fp, s);
  const cube = (n: number): bigint[][] =>
    n === 0
      ? [[]]
      : cube(n - 1).flatMap((x) => [
          [...x, 0n],
          [...x, 1n],
        ]);
  const sumOver = (prefix: bigint[]): bigint =>
    Fp.reduce(
      cube(s - prefix.length).reduce((acc, x) => acc + libraEvaluate(g, [...prefix, ...x]), 0n),
    );

  test("sum and rounds are those of the definition", async () => {
    expect(libraSum(g)).toBe(sumOver([]));
    const summand = libraSummand(g, 7n);
    for (let k = 0; k < s; k++) {
      const coefficients = await summand.round();
      for (const y of [0n, 1n, 5n]) {
        const expected = Fp.mul(7n, sumOver([...point.slice(0, k), y]));
        expect(horner(Fp, y, coefficients)).toBe(expected);
      }
      summand.bind(point[k]!);
    }
  });

  test("S and the messages (c0, c2, c3) tell the coefficients one to one", async () => {
    const n = 3 * s + 1;
    const image = async (unit: bigint[]): Promise<bigint[]> => {
      const summand = libraSummand(unit, 1n);
      const out = [libraSum(unit)];
      for (const x of point) {
        const [c0, , c2, c3] = await summand.round();
        out.push(...[c0, c2, c3].map((c) => Fp.reduce(c)));
        summand.bind(x);
      }
      return out;
    };
    const units = Array.from({ length: n }, (_, k) =>
      Array.from({ length: n }, (_, l) => (k === l ? 1n : 0n)),
    );
    expect(rank(Fp, await Promise.all(units.map(image)))).toBe(n);
  });
});

/** Rank of a matrix by elimination. */
function rank(F: PrimeField, rows: bigint[][]): number {
  let found = 0;
  for (let c = 0; c < rows[0]!.length; c++) {
    const pivot = rows.findIndex((row, n) => n >= found && row[c] !== 0n);
    if (pivot < 0) continue;
    [rows[found], rows[pivot]] = [rows[pivot]!, rows[found]!];
    const top = rows[found]!;
    const inverse = F.inv(top[c]!);
    for (let n = found + 1; n < rows.length; n++) {
      const factor = F.mul(rows[n]![c]!, inverse);
      rows[n] = rows[n]!.map((x, k) => F.reduce(x - factor * top[k]!));
    }
    found++;
  }
  return found;
}

test("transposition exchanges rows and columns, and undoes itself", () => {
  const entry = fc.tuple(fc.nat({ max: 6 }), fc.bigInt({ min: 1n, max: 9n }));
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(entry, { selector: ([c]) => c })), (rows) => {
      const builder = new MatrixBuilder();
      for (const row of rows) builder.push([...row].sort(([x], [y]) => x - y));
      const m = builder.build(7);
      const t = transpose(m);
      expect([t.rows, t.columns]).toEqual([7, rows.length]);
      const entries = (of: typeof m, swap: boolean): string[] =>
        Array.from({ length: of.rows }, (_, x) =>
          rowOf(of, x).map(([c, k]) => (swap ? `${c},${x}:${k}` : `${x},${c}:${k}`)),
        )
          .flat()
          .sort();
      expect(entries(t, true)).toEqual(entries(m, false));
      expect(transpose(t)).toEqual(m);
    }),
  );
});

// ---- Φ's side

describe("Φ's side", () => {
  let able: Compressor;
  let node: TreeNode;
  beforeAll(async () => {
    able = await compressor();
    ({ node } = (await scenario()).m012);
  }, 60_000);

  const prove = (setup: Compressor, { phi }: TreeNode) =>
    setup.exclusive(() => relaxedProve(setup, opened(), 5n, phi, referenceRng("relaxed")));

  async function verdictOf(made: TreeNode): Promise<readonly string[]> {
    const proof = await prove(able, made);
    return able.exclusive(async () => {
      const { verifier, engine } = able;
      const reduced = await relaxedReduce(verifier, opened(), 5n, made.D.Phi, proof);
      if ("failures" in reduced) return reduced.failures;
      return (await isMet(engine, reduced.obligation)) ? [] : ["Phi: opening"];
    });
  }

  const bump = (bytes: Uint8Array, n: number): void =>
    setElement(bytes, n, Fq.add(elementOf(bytes, n), 1n));

  test("is accepted of true Φ, masked or bottom", async () => {
    expect(await verdictOf(node)).toEqual([]);
    expect(await verdictOf((await scenario()).leaf1)).toEqual([]);
  }, 30_000);

  test.each<[string, (copy: TreeNode) => void, string]>([
    ["X", ({ phi }) => ((phi.X as bigint[])[3] = Fq.add(phi.X[3]!, 1n)), "Phi: public input"],
    ["b_X", (copy) => ((copy.phi as { bX: bigint }).bX = 1n), "Phi: public input"],
    ["W", ({ phi }) => bump(phi.W, 100), "Phi: relation"],
    ["E", ({ phi }) => bump(phi.E, 100), "Phi: relation"],
    ["b_W", (copy) => ((copy.phi as { bW: bigint }).bW = 1n), "Phi: opening"],
    ["b_E", (copy) => ((copy.phi as { bE: bigint }).bE = 1n), "Phi: opening"],
  ])("is refused of an opening with another %s", async (_, edit, refusal) => {
    expect(await verdictOf(edited(node, edit as never))).toEqual([refusal]);
  });

  test("is refused of a false relation that is committed to", async () => {
    const falseE = await recommittedPhi(able, node, ({ phi }) => bump(phi.E, 7));
    expect(await verdictOf(falseE)).toEqual(["Phi: relation"]);
    const falseW = await recommittedPhi(able, node, ({ phi }) => bump(phi.W, 7));
    expect(await verdictOf(falseW)).toEqual(["Phi: relation"]);
    const falseX = await recommittedPhi(able, node, ({ phi }) => {
      (phi.X as bigint[])[11] = Fq.add(phi.X[11]!, 1n);
    });
    expect(await verdictOf(falseX)).toEqual(["Phi: relation"]);
  }, 30_000);

  test("is the same on every engine for the same randomness", async () => {
    const plain = compressorOf(await setupFor(toyStep(), bigintEngine()), toyStep());
    expect(plain.verifier.keys.w.length * POINT_BYTES).toBe(2 ** 21);
    expect(await prove(plain, node)).toEqual(await prove(able, node));
  }, 120_000);
});
