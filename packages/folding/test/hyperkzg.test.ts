// Inner sumcheck and HyperKZG by themselves, against their definitions on BigInt: evaluations as sums over the
// hypercube, commitments as f(τ)·G with the τ that only a test knows.

import {
  type Engine,
  Fp,
  G1,
  type G2Point,
  type Point,
  bigintEngine,
  generators,
  innerProduct,
  secureRng,
} from "@foldmesh/algebra";
import { unsafePowers } from "@foldmesh/algebra/unsafe-setup";
import { beforeAll, describe, expect, test } from "vitest";
import { ByteTranscript } from "../src/compress/byte-transcript.ts";
import {
  type EvaluationClaim,
  type HyperKZGProof,
  hyperKZGProve,
  hyperKZGReduce,
  pairingsHold,
} from "../src/compress/hyperkzg.ts";
import { innerProve, innerReduce } from "../src/compress/inner-sumcheck.ts";
import type { SetupHandles } from "../src/index.ts";
import { referenceRng, testEngine } from "./support.ts";

const G: Point = [1n, 2n];
const H = generators(G1, "h", 1)[0]!;
const rng = referenceRng("hyperkzg");
const tau = rng.element(Fp);
const MAX = 16;

/** Σ_x eq(point, x)·table[x], most significant variable first. */
function evaluate(table: readonly bigint[], point: readonly bigint[]): bigint {
  const n = point.length;
  return table.reduce((sum, value, x) => {
    const eq = point.reduce(
      (product, r, k) => Fp.mul(product, (x >> (n - 1 - k)) & 1 ? r : 1n - r),
      1n,
    );
    return Fp.add(sum, value * eq);
  }, 0n);
}

/** Σ fᵢ xⁱ */
const univariate = (f: readonly bigint[], x: bigint): bigint =>
  f.reduce((sum, c, i) => Fp.add(sum, c * Fp.pow(x, BigInt(i))), 0n);

const transcriptOf = (): ByteTranscript => {
  const transcript = new ByteTranscript();
  transcript.absorb("test", []);
  transcript.challenge(Fp);
  return transcript;
};

interface Prover {
  readonly engine: Engine;
  readonly keys: SetupHandles["keys"];
  readonly tau2: G2Point;
}

async function proverOn(engine: Engine): Promise<Prover> {
  const { bases, tau2 } = await unsafePowers(engine, tau, MAX);
  const w = engine.commitmentKey(G1, bases, H);
  return { engine, keys: { w } as SetupHandles["keys"], tau2 };
}

let provers: Prover[];
beforeAll(async () => {
  provers = [await proverOn(bigintEngine()), await proverOn(await testEngine())];
});

describe("inner sumcheck", () => {
  test.each([1, 2, 3, 4])("of 2^%i entries ends in the product of two evaluations", async (n) => {
    const m = rng.elements(Fp, 2 ** n);
    const W = rng.elements(Fp, 2 ** n);
    const claim = innerProduct(Fp, m, W);
    for (const { engine } of provers) {
      const F = engine.Fp;
      await engine.scope(async () => {
        const transcript = transcriptOf();
        const made = await innerProve(F, transcript, claim, F.fromElements(m), F.fromElements(W));
        expect(made.rounds).toHaveLength(n);
        const { point, claim: last } = innerReduce(transcriptOf(), claim, made.rounds);
        expect({ point, claim: last }).toEqual({ point: made.point, claim: made.claim });
        expect(last).toBe(Fp.mul(evaluate(m, point), evaluate(W, point)));
      });
    }
  });

  test("a false claim or another message ends elsewhere", async () => {
    const [m, W] = [rng.elements(Fp, 8), rng.elements(Fp, 8)];
    const claim = innerProduct(Fp, m, W);
    const F = provers[0]!.engine.Fp;
    const { rounds } = await innerProve(
      F,
      transcriptOf(),
      claim,
      F.fromElements(m),
      F.fromElements(W),
    );
    const holds = (value: bigint, messages: typeof rounds): boolean => {
      const { point, claim: last } = innerReduce(transcriptOf(), value, messages);
      return last === Fp.mul(evaluate(m, point), evaluate(W, point));
    };
    expect(holds(claim, rounds)).toBe(true);
    expect(holds(Fp.add(claim, 1n), rounds)).toBe(false);
    for (const k of [0, 2]) {
      for (const which of [0, 1]) {
        const changed = structuredClone(rounds) as [bigint, bigint][];
        changed[k]![which] = Fp.add(changed[k]![which]!, 1n);
        expect(holds(claim, changed)).toBe(false);
      }
    }
  });
});

interface Case {
  readonly claim: EvaluationClaim;
  readonly table: readonly bigint[];
  readonly proof: HyperKZGProof;
}

/** An honest proof for a random table of 2^n entries, blinded commitment as in a compressed proof. */
async function made(prover: Prover, n: number): Promise<Case> {
  const table = rng.elements(Fp, 2 ** n);
  const point = rng.elements(Fp, n);
  const blind = rng.element(Fp);
  const w = evaluate(table, point);
  const { engine } = prover;
  const proof = await engine.scope(() =>
    hyperKZGProve(prover, { point, w }, engine.Fp.fromElements(table), transcriptOf()),
  );
  const C = G1.msm([G, H], [univariate(table, tau), blind])!;
  const terms = [[1n, C] as const, [Fp.neg(blind), H] as const];
  return { claim: { terms, point, w }, table, proof };
}

const accepts = (
  { claim, proof }: Pick<Case, "claim" | "proof">,
  tau2 = provers[0]!.tau2,
): boolean => {
  const obligation = hyperKZGReduce(claim, proof, transcriptOf());
  return obligation !== null && pairingsHold(tau2, [1n], [obligation]);
};

describe("HyperKZG", () => {
  test.each([1, 2, 3, 4])("of 2^%i entries, on both engines", async (n) => {
    for (const prover of provers) {
      const honest = await made(prover, n);
      expect(honest.proof.folds).toHaveLength(n - 1);
      expect(honest.proof.values).toHaveLength(n);
      expect(accepts(honest)).toBe(true);
    }
  });

  test("is what its definition says, computed with tau", async () => {
    const n = 4;
    const { claim, table, proof } = await made(provers[1]!, n);
    const { point, w } = claim;
    // coefficient j of f_k: the block j of 2^k entries at the last k variables
    const f = Array.from({ length: n }, (_, k) =>
      Array.from({ length: 2 ** (n - k) }, (__, j) =>
        evaluate(table.slice(j * 2 ** k, (j + 1) * 2 ** k), point.slice(n - k)),
      ),
    );
    const at = (k: number, x: bigint): bigint => univariate(f[k]!, x);
    const commitment = (value: bigint): Point => G1.mul(value, G)!;
    expect(proof.folds).toEqual([1, 2, 3].map((k) => commitment(at(k, tau))));

    const transcript = transcriptOf();
    const squeeze = (label: string, elements: readonly bigint[]): bigint => {
      transcript.absorb(label, elements);
      return transcript.challenge(Fp);
    };
    const r = squeeze("folds", [w, ...proof.folds.flat()]);
    const x = (k: number): bigint => Fp.pow(r, 2n ** BigInt(k));
    expect(proof.values).toEqual(f.map((_, k) => at(k, Fp.neg(x(k)))));

    const nu = squeeze("values", proof.values);
    const over = (a: bigint, b: bigint): bigint => Fp.mul(a, Fp.inv(Fp.reduce(b)));
    const opened = f.flatMap((_, k) => [
      { k, a: x(k) },
      { k, a: Fp.neg(x(k)) },
    ]);
    const scale = (i: number): bigint => Fp.pow(nu, BigInt(i));
    const Q = opened.reduce(
      (sum, { k, a }, i) => sum + scale(i) * over(at(k, tau) - at(k, a), tau - a),
      0n,
    );
    expect(proof.quotient).toEqual(commitment(Q));

    const z = squeeze("quotient", proof.quotient);
    const L = opened.reduce(
      (sum, { k, a }, i) => sum + scale(i) * over(at(k, tau) - at(k, a), z - a),
      -Q,
    );
    expect(proof.witness).toEqual(commitment(over(L, tau - z)));
  });

  test("another value, point, commitment or tau is refused", async () => {
    const honest = await made(provers[1]!, 3);
    const { claim } = honest;
    const change = (part: Partial<EvaluationClaim>): boolean =>
      accepts({ ...honest, claim: { ...claim, ...part } });
    expect(change({ w: Fp.add(claim.w, 1n) })).toBe(false);
    for (const k of [0, 2]) {
      const point = claim.point.map((x, n) => (n === k ? Fp.add(x, 1n) : x));
      expect(change({ point })).toBe(false);
    }
    expect(change({ point: [...claim.point].reverse() })).toBe(false);
    expect(change({ terms: [...claim.terms, [1n, H]] })).toBe(false);
    expect(change({ terms: claim.terms.slice(0, 1) })).toBe(false);
    const other = await unsafePowers(provers[1]!.engine, tau + 1n, 2);
    expect(accepts(honest, other.tau2)).toBe(false);
  });

  test("every part changed, at its first and its last place", async () => {
    const honest = await made(provers[1]!, 3);
    const refused = (change: Partial<HyperKZGProof>): void =>
      expect(accepts({ ...honest, proof: { ...honest.proof, ...change } })).toBe(false);
    const { folds, values, quotient, witness } = honest.proof;
    for (const k of [0, 1]) {
      refused({ folds: folds.map((P, n) => (n === k ? G1.add(P, G)! : P)) });
    }
    refused({ folds: [...folds].reverse() });
    for (const k of [0, 2]) refused({ values: values.map((x, n) => (n === k ? x + 1n : x)) });
    refused({ quotient: G1.neg(quotient) });
    refused({ quotient: G1.add(quotient, G)! });
    refused({ witness: G1.neg(witness) });
    refused({ witness: G1.add(witness, H)! });
    refused({ quotient: witness, witness: quotient });
  });

  test("a commitment to more than the table is refused", async () => {
    const { claim, proof } = await made(provers[1]!, 3);
    const more = G1.mul(Fp.pow(tau, 8n), G)!;
    const terms = [...claim.terms, [1n, more] as const];
    expect(accepts({ claim: { ...claim, terms }, proof })).toBe(false);
  });

  test("errors of two openings cancel only without random factors", async () => {
    const reduced = async (n: number) => {
      const { claim, proof } = await made(provers[1]!, n);
      return hyperKZGReduce(claim, proof, transcriptOf())!;
    };
    const [one, two] = [await reduced(2), await reduced(3)];
    const { tau2 } = provers[0]!;
    const off = [
      { ...one, terms: [...one.terms, [1n, G] as const] },
      { ...two, terms: [...two.terms, [-1n, G] as const] },
    ];
    expect(pairingsHold(tau2, [1n, 1n], [one, two])).toBe(true);
    expect(pairingsHold(tau2, [1n, 1n], off)).toBe(true);
    expect(pairingsHold(tau2, secureRng().elements(Fp, 2), [one, two])).toBe(true);
    expect(pairingsHold(tau2, secureRng().elements(Fp, 2), off)).toBe(false);
  });
});
