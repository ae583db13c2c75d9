import { describe, expect, test } from "vitest";
import {
  G1,
  Grumpkin,
  POINT_BYTES,
  bigintEngine,
  curveHasher,
  deriveG1Generators,
  generators,
  pointsFromBytes,
} from "../src/index.ts";
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

describe("batched derivation", () => {
  test("gives the same generators as the plain one", async () => {
    const engine = bigintEngine();
    const progress: number[] = [];
    const bytes = await deriveG1Generators(engine, "w", 0, 20, {
      onProgress: (n) => progress.push(n),
    });
    expect(pointsFromBytes(G1, bytes)).toEqual(generators(G1, "w", 20));
    expect(progress).toEqual([20]);
    const later = await deriveG1Generators(engine, "w", 15, 5);
    expect(later).toEqual(bytes.subarray(15 * POINT_BYTES));
  });
});
