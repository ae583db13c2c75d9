import {
  Fp,
  FULL_ROUNDS,
  TAG,
  hashChain,
  plainPoseidon,
  poseidonParameters,
} from "@foldmesh/algebra";
import { describe, expect, test } from "vitest";
import { poseidonForms } from "../src/poseidon-forms.ts";
import { hashChainGadget, poseidonGadget } from "../src/poseidon.ts";
import { assign, build, freeColumns, violatedRows } from "./harness.ts";
import { readVectors } from "./vectors.ts";

const permute = plainPoseidon();
const { permutations, chains } = readVectors("poseidon.json");

describe.each([2, 3, 4, 9, 17])("width %d", (t) => {
  const forms = poseidonForms(t);
  const inputs = Array.from({ length: t }, (_, i) => Fp.pow(7n, BigInt(1000 + i)));

  test("all lanes are those of the plain permutation", () => {
    let lanes: bigint[] = [];
    const { violations } = assign(Fp, (cs) => {
      const variables = inputs.map((x) => cs.witness(x));
      lanes = poseidonGadget(cs, forms, variables, t).map((lane) => cs.value(lane));
    });
    expect(violations).toEqual([]);
    expect(lanes).toEqual(permute(inputs));
  });

  test("three constraints per S-box, every column matters", () => {
    const { structure, z } = build(Fp, (cs) => {
      const variables = inputs.map((x) => cs.witness(x));
      poseidonGadget(cs, forms, variables, 1);
    });
    const { partialRounds } = poseidonParameters(t);
    expect(structure.A.rows).toBe(3 * (FULL_ROUNDS * t + partialRounds));
    expect(violatedRows(structure, z)).toEqual([]);
    expect(freeColumns(structure, z)).toEqual([]);
  });

  test("the output is tied to the inputs while shaping too", () => {
    const { structure, z, violations } = build(Fp, (cs) => {
      const variables = inputs.map((x) => cs.witness(x));
      const lanes = poseidonGadget(cs, forms, variables, t);
      const expected = permute(inputs);
      lanes.forEach((lane, i) => cs.enforceEqual(lane, cs.constant(expected[i]!), "lane"));
    });
    expect(violations).toEqual([]);
    expect(violatedRows(structure, z)).toEqual([]);
  });
});

test("a permutation takes exactly t lanes", () => {
  expect(() =>
    assign(Fp, (cs) => void poseidonGadget(cs, poseidonForms(4), [cs.one, cs.one, cs.one], 1)),
  ).toThrow("Perm_4 takes 4 lanes, got 3");
});

test("the reference's permutations", () => {
  for (const { t, input, output } of permutations) {
    let lanes: bigint[] = [];
    assign(Fp, (cs) => {
      const variables = (input as bigint[]).map((x) => cs.constant(x));
      lanes = poseidonGadget(cs, poseidonForms(t), variables, t).map((lane) => cs.value(lane));
    });
    expect(lanes).toEqual(output);
  }
});

test("the reference's hash chains", () => {
  const forms = poseidonForms(17);
  for (const { tag, elements, output } of chains) {
    let hash = 0n;
    assign(Fp, (cs) => {
      const variables = (elements as bigint[]).map((x) => cs.witness(x));
      hash = cs.value(hashChainGadget(cs, forms, tag, variables));
    });
    expect(hash).toBe(output);
  }
  expect(hashChain(permute, TAG.statement, chains[0].elements)).toBe(chains[0].output);
});
