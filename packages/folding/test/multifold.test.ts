// The native folding verifiers with every message changed (§5), and the shape of a proof checked before any
// hash: in the first prototype, messages of free length pushed later ones out of the hash and *any* statement
// verified (§10).

import {
  Fp,
  Fq,
  G1,
  Grumpkin,
  SHORT_BITS,
  Transcript,
  oddScalar,
  plainPoseidon,
} from "@foldmesh/algebra";
import {
  type Statement,
  cycleFoldWitness,
  statementElements,
  pointLimbs,
} from "@foldmesh/circuits";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Header,
  type MultifoldProof,
  type Setup,
  type Slots,
  cycleFoldVerify,
  mergeHeader,
  mergeSlots,
  multifoldVerify,
} from "../src/index.ts";
import type { Mutable } from "./forge.ts";
import { type Run, type Scenario, next, scenario } from "./scenario.ts";

let shared: Scenario;
let setup: Setup;
beforeAll(async () => {
  shared = await scenario();
  ({ setup } = shared);
}, 60_000);

type Input = { header: Header; slots: Slots; proof: MultifoldProof };

const inputOf = ({ L, R, folded }: Run): Input => ({
  header: mergeHeader(setup, L, R),
  slots: mergeSlots(L, R),
  proof: folded.proof,
});

function verified(edit: (input: Mutable<Input>) => void, run = shared.m012) {
  const input = structuredClone(inputOf(run)) as Mutable<Input>;
  edit(input);
  const { header, slots, proof } = input as Input;
  return multifoldVerify(setup.system, setup.permute, header, slots, proof);
}
const refuses = (edit: (input: Mutable<Input>) => void, run = shared.m012): void =>
  expect(verified(edit, run)).toBeNull();
const refusesProof = (edit: (proof: any) => void): void => refuses(({ proof }) => edit(proof));

test("an honest proof gives the circuit's instance", () => {
  for (const run of [shared.m01, shared.m012]) {
    expect(verified(() => {}, run)?.instance).toEqual(run.node.D.U);
  }
});

describe("changed", () => {
  test("every element of every sumcheck message", () => {
    for (let k = 0; k < 15; k++) {
      for (let c = 0; c < 3; c++) refusesProof(({ rounds }) => (rounds[k][c] = next(rounds[k][c])));
    }
  });

  test("every evaluation", () => {
    for (let n = 0; n < 4; n++) {
      for (let j = 0; j < 3; j++) refusesProof(({ evals }) => (evals[n][j] = next(evals[n][j])));
    }
  });

  test("messages and evaluations exchanged", () => {
    refusesProof(({ rounds }) => rounds.reverse());
    refusesProof(({ rounds }) => ([rounds[0], rounds[1]] = [rounds[1], rounds[0]]));
    refusesProof(({ evals }) => evals.reverse());
    refusesProof(({ evals }) => ([evals[0], evals[1]] = [evals[1], evals[0]]));
    refusesProof(({ evals }) => evals[3].reverse());
    refusesProof((proof) => Object.assign(proof, { rounds: proof.rounds.map(() => [0n, 0n, 0n]) }));
  });

  test("what the header binds", () => {
    refuses(({ header }) => (header.dL = next(header.dL)));
    refuses(({ header }) => (header.dR = next(header.dR)));
    refuses(({ header }) => (header.kL = 0n));
    refuses(({ header }) => (header.kR = 1n));
    refuses(({ header }) => ([header.dL, header.dR] = [header.dR, header.dL]));
  });

  test("what the slots bind", () => {
    for (const j of [0, 1, 2] as const) {
      refuses(({ slots: { UL } }) => (UL.v[j] = next(UL.v[j])));
      refuses(({ slots: { UR } }) => (UR.v[j] = next(UR.v[j])));
    }
    // U_R is the bottom instance here: its r weighs zeros, and is bound by d_R alone
    for (let k = 0; k < 15; k++) refuses(({ slots: { UL } }) => (UL.r[k] = next(UL.r[k]!)));
    refuses(({ slots: { uL } }) => (uL.C = [...G1.neg(uL.C)]));
    refuses(({ slots: { uR } }) => (uR.C = [...G1.neg(uR.C)]));
    refuses(({ slots }) => ([slots.UL, slots.UR] = [slots.UR, slots.UL]));
  });

  test("the proof of another merge", () => {
    refuses((input) => (input.proof = structuredClone(shared.m01.folded.proof) as never));
  });
});

test("two evaluations changed so that the last check holds give another instance", () => {
  // γ⁰ and γ¹ weigh them, so the check cannot tell; the folded claim is then false, as the opening shows
  const honest = shared.m012.folded;
  const { gamma } = challengesOf(shared.m012);
  const result = verified(({ proof }) => {
    proof.evals[0][0] = Fp.add(proof.evals[0][0], gamma);
    proof.evals[0][1] = Fp.sub(proof.evals[0][1], 1n);
  });
  expect(result).not.toBeNull();
  expect(result!.t).not.toBe(honest.t);
  expect(result!.instance.v).not.toEqual(honest.instance.v);
});

function challengesOf(run: Run): { gamma: bigint } {
  const { dL, dR, kL, kR } = mergeHeader(setup, run.L, run.R);
  const limbs = [...pointLimbs(run.L.u.C), ...pointLimbs(run.R.u.C)];
  const [, gamma] = plainPoseidon()([2n, dL, dR, kL, kR, ...limbs, 0n, 0n, 0n, 0n]);
  return { gamma: gamma! };
}

describe("of another shape", () => {
  test("rounds", () => {
    refusesProof(({ rounds }) => rounds.pop());
    refusesProof(({ rounds }) => rounds.push([0n, 0n, 0n]));
    refusesProof(({ rounds }) => rounds[0].push(rounds[1].shift()));
    refusesProof(({ rounds }) => rounds[4].push(0n));
    refusesProof(({ rounds }) => rounds[4].pop());
    refusesProof((proof) => (proof.rounds = proof.rounds.flat()));
    refusesProof((proof) => (proof.rounds = []));
    refusesProof((proof) => (proof.rounds = Array(15)));
    refusesProof((proof) => (proof.rounds[14] = Array(3)));
    refusesProof(({ rounds }) => delete rounds[3]);
    refusesProof((proof) => (proof.rounds = { ...proof.rounds, length: 15 }));
    refusesProof((proof) => delete proof.rounds);
  });

  test("evaluations", () => {
    refusesProof(({ evals }) => evals[3].push(0n));
    refusesProof(({ evals }) => evals[1].unshift(evals[0].pop()));
    refusesProof(({ evals }) => evals.push([0n, 0n, 0n]));
    refusesProof(({ evals }) => evals.pop());
    refusesProof((proof) => (proof.evals = proof.evals.flat()));
    refusesProof((proof) => (proof.evals = Array(4)));
    refusesProof(({ evals }) => delete evals[2]);
    refusesProof(({ evals }) => (evals[2] = null));
    refusesProof((proof) => delete proof.evals);
  });

  test("elements", () => {
    for (const bad of [
      (x: bigint) => x + Fp.modulus,
      (x: bigint) => x - Fp.modulus,
      Number,
      String,
    ]) {
      refusesProof(({ rounds }) => (rounds[7][1] = bad(rounds[7][1])));
      refusesProof(({ evals }) => (evals[2][0] = bad(evals[2][0])));
    }
  });

  test("no proof at all", () => {
    for (const nothing of [null, undefined, {}, [], 0n]) {
      refuses((input) => (input.proof = nothing as never));
    }
  });

  test("junk never crashes it", () => {
    const junk = fc.anything({ withBigInt: true });
    fc.assert(
      fc.property(fc.array(junk, { minLength: 15, maxLength: 15 }), junk, (rounds, evals) => {
        refusesProof((proof) => Object.assign(proof, { rounds }));
        refusesProof((proof) => Object.assign(proof, { evals: [evals, evals, evals, evals] }));
      }),
      { numRuns: 50 },
    );
  });
});

// ---- CycleFold's fold on commitments

describe("the fold of Φ", () => {
  const PhiWith = (edit: (input: any) => void) => {
    const { L, R, cycle } = shared.m012;
    const { transcript, t } = verified(() => {})!;
    const { UL, UR, uL, uR } = mergeSlots(L, R);
    const { Q, CW, CT } = cycle;
    const points = [UL.C, UR.C, uL.C, uR.C];
    const input = { rho: oddScalar(t), points, hints: { Q, CW, CT }, pair: [L.D.Phi, R.D.Phi] };
    const copy = structuredClone(input) as any;
    edit(copy);
    const { rho, hints, pair } = copy;
    return cycleFoldVerify(setup.system, transcript, pair, { rho, points: copy.points }, hints);
  };

  test("is the circuit's", () => {
    expect(PhiWith(() => {})).toEqual(shared.m012.node.D.Phi);
  });

  test.each<[string, (input: any) => void]>([
    ["Q", ({ hints }) => (hints.Q = G1.neg(hints.Q))],
    ["C_W", ({ hints }) => (hints.CW = Grumpkin.neg(hints.CW))],
    ["T1", ({ hints }) => (hints.CT[0] = Grumpkin.neg(hints.CT[0]))],
    ["T2", ({ hints }) => (hints.CT[1] = Grumpkin.neg(hints.CT[1]))],
    ["T3", ({ hints }) => (hints.CT[2] = Grumpkin.neg(hints.CT[2]))],
    ["ρ", (input) => (input.rho += 2n)],
    ["a commitment", ({ points }) => (points[2] = G1.neg(points[2]))],
    ["Φ_L", ({ pair }) => (pair[0].CX = Grumpkin.neg(pair[0].CX))],
    ["children's order", ({ pair }) => pair.reverse()],
  ])("differs with another %s", (_, edit) => {
    expect(PhiWith(edit)).not.toEqual(shared.m012.node.D.Phi);
  });
});

// ---- framing

test("hashing takes blocks of the lengths of the protocol only", () => {
  const transcript = new Transcript(setup.permute, 2n);
  for (const length of [0, 1, 2, 4, 15, 17, 18, 32]) {
    expect(() => transcript.absorb(Array(length).fill(0n))).toThrow("transcript block");
  }
  for (const length of [0, 1, 18]) {
    expect(() => setup.permute(Array(length).fill(0n))).toThrow();
    expect(() => plainPoseidon()(Array(length).fill(0n))).toThrow();
  }
});

test("the statement hash reads every part of a statement, at a place of its own", () => {
  const D = { ...shared.m012.node.D, j: 1000n };
  const elements = (statement: Statement): bigint[] =>
    statementElements(setup.system.vk, statement, pointLimbs(statement.U.C));
  const { a, s } = setup.system;
  expect(elements(D)).toHaveLength(3 + 2 * a + 1 + 4 + (3 + 2 * a) + s + 3 + 6);
  expect(new Set(elements(D)).size).toBe(elements(D).length);
});

// ---- folding challenges of 129 bits

test("ρ = 2¹²⁷ + 2t + 1 has up to 129 bits, and every fold takes all of them", async () => {
  const t = (1n << BigInt(SHORT_BITS)) - 1n;
  const rho = oddScalar(t);
  expect(rho.toString(2)).toHaveLength(129);
  const { leaf0, leaf1 } = shared;
  const points = [leaf0.D.U.C, leaf1.D.U.C, leaf0.u.C, leaf1.u.C] as const;
  const { X, violations } = cycleFoldWitness(t, points);
  expect(violations).toEqual([]);
  expect([X[10], X[11]]).toEqual(G1.fold(rho, points));
  for (const [field, vectors] of [
    [Fp, setup.engine.Fp],
    [Fq, setup.engine.Fq],
  ] as const) {
    const folded = await setup.exclusive(() =>
      vectors.toElements(vectors.horner(rho, [vectors.powers(1n, 3), vectors.powers(2n, 3)])),
    );
    expect(folded).toEqual([1n, 2n, 4n].map((x) => field.add(1n, field.mul(rho, x))));
  }
});
