import { TAG, hashChain, plainPoseidon } from "@foldmesh/algebra";
import { describe, expect, test } from "vitest";
import {
  cycleFoldBlock,
  evaluationsBlock,
  freshX,
  instanceLength,
  mergePid,
  openingBlock,
  pointLimbs,
  provenance,
  statementElements,
  statementHash,
} from "../src/index.ts";
import { leafLeafMerge, mergeLeafMerge, readVectors } from "./vectors.ts";

const permute = plainPoseidon();
const { vk, instanceLength: xLength, stateSize } = readVectors("structure.json");

test("X has 3 + 2a elements", () => {
  expect(instanceLength(stateSize)).toBe(xLength);
});

describe.each(["masked", "unmasked"])("%s leaf of the reference", (name) => {
  const leaf = readVectors("leaf.json")[name];
  const D = leaf.statement;

  test("statement layout, hash, provenance and X", () => {
    expect(statementElements(vk, D, pointLimbs(D.U.C))).toEqual(leaf.statementElements);
    expect(statementHash(permute, vk, D)).toBe(leaf.statementHash);
    expect(provenance(permute, 0n, D)).toBe(leaf.provenance);
    expect(freshX(permute, vk, 0n, D)).toEqual(leaf.instance.X);
  });
});

describe.each([
  ["leaf + leaf", leafLeafMerge()],
  ["merge + leaf", mergeLeafMerge()],
])("%s of the reference", (_, { input, vector }) => {
  const [L, R] = input.children;
  const { statement, statementHash: hash, provenanceOfChildren, instance } = vector.result;

  test("result", () => {
    expect(statementHash(permute, vk, statement)).toBe(hash);
    expect(freshX(permute, vk, 1n, statement)).toEqual(instance.X);
    const pids = [L, R].map(({ k, D }) => provenance(permute, k, D));
    expect(pids).toEqual(provenanceOfChildren);
    expect(mergePid(permute, pids[0]!, pids[1]!)).toBe(statement.pid);
  });

  test("transcript blocks", () => {
    const header = ({ k, D, C }: typeof L) => ({
      d: statementHash(permute, vk, D),
      k,
      limbs: pointLimbs(C),
    });
    const blocks = vector.transcript.map((call: { block: bigint[] }) => call.block);
    expect(openingBlock(header(L), header(R), 0n)).toEqual(blocks[0]);
    expect(evaluationsBlock(input.evals, 0n)).toEqual(blocks.at(-2));
    expect(cycleFoldBlock(pointLimbs(input.Q), input.CW, input.CT, 0n)).toEqual(blocks.at(-1));
  });
});

test("moving an element between neighbouring arrays changes no hash: lengths are the validator's duty", () => {
  const D = readVectors("leaf.json").masked.statement;
  const [first, ...rest] = D.zOut;
  const moved = { ...D, zIn: [...D.zIn, first], zOut: rest };
  expect(statementHash(permute, vk, moved)).toBe(statementHash(permute, vk, D));
  expect(hashChain(permute, TAG.statement, [1n])).not.toBe(hashChain(permute, TAG.mask, [1n]));
});
