// What a compressed proof tells: the attack on unmasked trees, which masks stop, but which works again on two
// roots that share their masks; proofs of one statement from two witnesses; and simulators that know no witness.

import { Fp, Fq, G1, Grumpkin, type Point } from "@foldmesh/algebra";
import type { CycleFoldInstance, Statement } from "@foldmesh/circuits";
import { beforeAll, describe, expect, test } from "vitest";
import { ByteTranscript } from "../src/compress/byte-transcript.ts";
import { finalFoldVerify } from "../src/compress/final-fold.ts";
import { ipaProve, ipaReduce, isMet } from "../src/compress/ipa.ts";
import { openingStatement } from "../src/compress/opening.ts";
import { openFolded, relaxedReduce } from "../src/compress/relaxed.ts";
import {
  type CompressedProof,
  type Compressor,
  type TreeNode,
  compressNode,
  decodeProof,
  ipaLength,
  mergeNodes,
  proveLeaf,
  verifyCompressed,
} from "../src/index.ts";
import { relaxedError } from "../src/cyclefold.ts";
import { commit, products } from "../src/setup.ts";
import { compressor, compressorOf } from "./compress-support.ts";
import { type Scenario, scenario } from "./scenario.ts";
import { simulateFold } from "./simulator.ts";
import {
  assignmentBytes,
  productAssignment,
  productStep,
  once,
  referenceRng,
  setupFor,
} from "./support.ts";

// ---- the attack: two leaves, U_L = U_R = U⊥, so that D.U.X = ρ²·X_L + ρ³·X_R

/**
 * The states in the middle that D of a tree of two unmasked leaves allows: with A = ρ², B = ρ³ and
 * X = (A + B, A·mid + B·out, A·in + B·mid, …), mid = (X_in − A·in)/B makes the second a quadratic in A.
 */
function middleStates({ zIn, zOut }: Statement, X: readonly bigint[]): bigint[] {
  const [sum, x1, x2] = [X[0]!, X[1]!, X[1 + zIn.length]!];
  const [zin, zout] = [zIn[0]!, zOut[0]!];
  // A·(x2 − A·zin) + B²·zout = x1·B with B = sum − A
  const q2 = Fp.reduce(zout - zin);
  const q1 = Fp.reduce(x2 - 2n * sum * zout + x1);
  const q0 = Fp.reduce(sum * sum * zout - x1 * sum);
  const root = Fp.sqrt(Fp.reduce(q1 * q1 - 4n * q2 * q0));
  if (root === null) return [];
  return [root, Fp.neg(root)].map((r) => {
    const A = Fp.mul(r - q1, Fp.inv(2n * q2));
    return Fp.mul(x2 - A * zin, Fp.inv0(sum - A));
  });
}

/** out = in² + w: the private input follows from the states. */
const privateInput = (zin: bigint, zout: bigint): bigint => Fp.reduce(zout - zin * zin);

describe("two steps of one state element", () => {
  const START = 5n;
  const END = 1234n;
  let able: Compressor;
  beforeAll(async () => {
    const step = productStep(1);
    able = compressorOf(await setupFor(step), step);
  }, 60_000);

  const leafOf = (i: bigint, zin: bigint, w: bigint, mask: boolean): Promise<TreeNode> =>
    proveLeaf(
      able,
      { i, assignment: assignmentBytes(productAssignment([zin], w)), pid: 9n, mask },
      referenceRng(`two steps ${i} ${w}`),
    );

  /** From START to END with private inputs w and what then is needed. */
  async function prove(w: bigint, mask: boolean): Promise<{ middle: bigint; proof: Uint8Array }> {
    const middle = Fp.reduce(START * START + w);
    const first = await leafOf(0n, START, w, mask);
    const second = await leafOf(1n, middle, privateInput(middle, END), false);
    const node = await mergeNodes(able, first, second, referenceRng(`two steps ${w}`));
    const rng = referenceRng(`two steps ${w} compressed`);
    return { middle, proof: await compressNode(able, node, rng, { allowUnmasked: !mask }) };
  }

  const expected = { z0: [START], zn: [END], steps: 2n };
  const decoded = ({ proof }: { proof: Uint8Array }): CompressedProof =>
    decodeProof(able.system, proof);

  test("without a mask: the middle state and the private input are in the proof", async () => {
    const bare = await prove(77n, false);
    expect(await verifyCompressed(able.verifier, bare.proof, expected)).toEqual([]);
    const { D } = decoded(bare);
    const found = middleStates(D, D.U.X);
    expect(found).toContain(bare.middle);
    expect(found.map((middle) => privateInput(START, middle))).toContain(77n);
  }, 60_000);

  const masked = once(async () => [await prove(77n, true), await prove(78n, true)] as const);

  test("with one masked leaf: no longer; another witness gives the same statement and shape", async () => {
    const [one, two] = await masked();
    expect(one.middle).not.toBe(two.middle);
    for (const made of [one, two]) {
      expect(await verifyCompressed(able.verifier, made.proof, expected)).toEqual([]);
      const { D } = decoded(made);
      expect(middleStates(D, D.U.X)).not.toContain(made.middle);
    }
    const claim = ({ k, D: { i, j, zIn, zOut, pid } }: CompressedProof) => [
      k,
      i,
      j,
      zIn,
      zOut,
      pid,
    ];
    expect(claim(decoded(one))).toEqual(claim(decoded(two)));
    expect(shapeOf(decoded(one))).toBe(shapeOf(decoded(two)));
    expect(one.proof.length).toBe(two.proof.length);
  }, 60_000);

  test("a mask serves one root: a checkpoint and its continuation, both published, tell a state again", async () => {
    const states = [START, 50n, 60n, 70n, END];
    const leaf = (n: number): Promise<TreeNode> =>
      leafOf(BigInt(n), states[n]!, privateInput(states[n]!, states[n + 1]!), n === 0);
    const merge = async (L: Promise<TreeNode>, R: Promise<TreeNode>): Promise<TreeNode> =>
      mergeNodes(able, await L, await R, referenceRng("continued"));
    const checkpoint = await merge(leaf(0), leaf(1));
    const root = await merge(Promise.resolve(checkpoint), merge(leaf(2), leaf(3)));
    // Both D stand in the proofs as they are. The mask's X cancels between them, and the fresh instances of
    // the last merge touch only u_M and h: what is left is A·X₂ + B·X₃, as in a tree without masks.
    const X = root.D.U.X.map((x, n) => Fp.sub(x, checkpoint.D.U.X[n]!));
    const shown = { ...root.D, zIn: checkpoint.D.zOut };
    expect(middleStates(shown, X)).toContain(states[3]);
  }, 60_000);

  test("no element but those of the statement and constants occurs in both proofs", async () => {
    const [one, two] = await masked();
    const { D } = decoded(one);
    const shown = new Set<bigint>([D.i, D.j, ...D.zIn, ...D.zOut, D.pid, 1n]);
    const secretElements = (made: typeof one): Set<bigint> => {
      const elements = new Set<bigint>();
      JSON.stringify(decoded(made), (_, x: unknown) => {
        if (typeof x === "bigint" && !shown.has(x)) elements.add(x);
        return typeof x === "bigint" ? null : x;
      });
      return elements;
    };
    const [ones, twos] = [secretElements(one), secretElements(two)];
    expect(ones.size).toBeGreaterThan(200);
    expect([...ones].filter((x) => twos.has(x))).toEqual([]);
    for (const made of [one, two]) expect(secretElements(made).has(made.middle)).toBe(false);
  }, 60_000);
});

/** A proof with every element blanked. */
const shapeOf = (proof: CompressedProof): string =>
  JSON.stringify(proof, (_, x: unknown) => (typeof x === "bigint" ? "#" : x));

// ---- simulators

let shared: Scenario;
let able: Compressor;
beforeAll(async () => {
  shared = await scenario();
  able = await compressor();
}, 120_000);

test("a simulator of the last fold and its opening is accepted", async () => {
  const { engine, system, verifier } = able;
  const F = engine.Fp;
  await able.exclusive(async () => {
    const { D } = shared.m012.node;
    const simulated = await simulateFold(able, D, referenceRng("simulator"));
    const { header, slots, proof, oracle, target, y } = simulated;
    const folded = finalFoldVerify(oracle, header, slots, proof)!;
    expect(folded.instance).toEqual(target.U);
    expect(folded.y).toBe(y);
    // without the programmed oracle the same messages are refused
    expect(finalFoldVerify(able.permute, header, slots, proof)).toBeNull();
    // from here on the simulator is an honest prover: it knows W' and b'
    const n = ipaLength(system);
    const proving = await openingStatement(verifier, folded, target.bW);
    const ipa = await ipaProve(
      engine,
      verifier.keys.w,
      G1.mul(proving.x0, verifier.ipaQ.G1)!,
      F.padded(F.fromBytes(target.W), n),
      F.padded(proving.weights, n),
      proving.transcript,
    );
    const statement = await openingStatement(verifier, folded, target.bW);
    const claim = {
      key: verifier.keys.w,
      terms: [[1n, folded.instance.C] as const],
      blind: target.bW,
      b: statement.weights,
      value: statement.claim,
    };
    const Q = { base: verifier.ipaQ.G1, x0: statement.x0 };
    const obligation = await ipaReduce(engine, claim, Q, ipa, statement.transcript);
    expect(await isMet(engine, obligation!)).toBe(true);
  });
}, 60_000);

/** A byte transcript that answers its first challenge with r. */
function programmedTranscript(r: bigint): ByteTranscript {
  const transcript = new ByteTranscript();
  const challenge = transcript.challenge.bind(transcript);
  let first = true;
  transcript.challenge = (field) => {
    const answer = challenge(field);
    if (!first) return answer;
    first = false;
    return r;
  };
  return transcript;
}

describe("a simulator of Φ's side", () => {
  const rng = referenceRng("simulator of Phi");

  test("knows Φ only, and is accepted", async () => {
    const { engine, keys, system, verifier } = able;
    const F = engine.Fq;
    const { Phi } = shared.m012.node.D;
    await able.exclusive(async () => {
      const r = rng.element(Fq);
      const X = rng.elements(Fq, 12);
      const W = F.fromElements(rng.elements(Fq, system.dims.cycleFoldWitness));
      const [bX, bW, bE, anything] = rng.elements(Fq, 4) as [bigint, bigint, bigint, bigint];
      const z = F.concat([F.fromElements(X), W]);
      const E = relaxedError(able, products(F, able.CF, z), X[0]!);
      const CT = Grumpkin.mul(anything, system.generators.cfh)!;
      const minus = (
        target: Point,
        ks: bigint[],
        points: Point[],
        over: bigint,
      ): CycleFoldInstance["CX"] =>
        Grumpkin.mul(Fq.inv(over), Grumpkin.msm([target, ...points], [1n, ...ks.map((k) => -k)]))!;
      const random: CycleFoldInstance = {
        CX: minus(await commit(engine, keys.cfx, F.fromElements(X), bX), [1n], [Phi.CX], r),
        CW: minus(await commit(engine, keys.cfw, W, bW), [1n], [Phi.CW], r),
        CE: minus(await commit(engine, keys.cfw, E, bE), [1n, r], [Phi.CE, CT], Fq.mul(r, r)),
      };
      const a = 3n;
      const proving = programmedTranscript(r);
      proving.absorb("cyclefold", [a, ...random.CX, ...random.CW, ...random.CE, ...CT]);
      proving.challenge(Fq);
      const opening = { X, bX, W, bW, E, bE };
      const proof = await openFolded(able, proving, { random, CT }, opening);
      const reduced = await relaxedReduce(verifier, programmedTranscript(r), a, Phi, proof);
      expect(reduced).not.toHaveProperty("failures");
      if ("obligation" in reduced) expect(await isMet(engine, reduced.obligation)).toBe(true);
      // without the programmed oracle the same proof is refused
      const honest = await relaxedReduce(verifier, new ByteTranscript(), a, Phi, proof);
      expect(honest).toEqual({ failures: ["Phi: public input"] });
    });
  }, 30_000);
});
