import { describe, expect, test } from "vitest";
import { G1, Grumpkin, curveHasher, generators } from "../src/index.ts";
import { digestElements, readVectors } from "./vectors.ts";

const vectors = readVectors("hash-to-curve.json");
const curveOf = (name: string) => (name === "BN254G1" ? G1 : Grumpkin);

describe("hash to curve", () => {
  test.each(vectors.standard as any[])("$dst of '$msg'", ({ curve, dst, msg, point }) => {
    expect(curveHasher(curveOf(curve), dst)(new TextEncoder().encode(msg))).toEqual(point);
  });

  test.each(vectors.labels as any[])(
    "first generators of $label",
    ({ label, curve, firstFour }) => {
      expect(generators(curveOf(curve), label, firstFour.length)).toEqual(firstFour);
    },
  );

  test("all cfx generators", () => {
    const { count, allUsedSha256 } = vectors.labels.find((l: any) => l.label === "cfx");
    expect(digestElements(generators(Grumpkin, "cfx", count).flat())).toBe(allUsedSha256);
  });
});
