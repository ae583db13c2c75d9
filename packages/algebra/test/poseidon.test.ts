import { describe, expect, test } from "vitest";
import { hashChain, plainPoseidon, poseidonParameters } from "../src/index.ts";
import { digestElements, readVectors } from "./vectors.ts";

const vectors = readVectors("poseidon.json");
const permute = plainPoseidon();

describe("Poseidon", () => {
  test.each(vectors.parameters as any[])("parameters of width $t", (expected) => {
    const { partialRounds, roundConstants, mds } = poseidonParameters(expected.t);
    expect(partialRounds).toBe(expected.partialRounds);
    expect(roundConstants[0]).toBe(expected.firstConstant);
    expect(digestElements(roundConstants)).toBe(expected.constantsSha256);
    expect(digestElements(mds.flat())).toBe(expected.mdsRowMajorSha256);
  });

  test.each(vectors.permutations as any[])("permutation, t = $t", ({ input, output }) => {
    expect(permute(input)).toEqual(output);
  });

  test.each(vectors.chains as any[])("hash chain", ({ tag, elements, output }) => {
    expect(hashChain(permute, BigInt(tag), elements)).toBe(output);
  });

  test("agrees with circomlib's poseidon([1, 2])", () => {
    expect(permute([0n, 1n, 2n])[0]).toBe(
      7853200120776062878684798364095072458815029376092732009249414926327459813530n,
    );
  });

  test("refuses a state of another width", () => {
    expect(() => permute([1n])).toThrow(/width/);
    expect(() => permute(Array.from({ length: 18 }, () => 0n))).toThrow(/width/);
  });
});
