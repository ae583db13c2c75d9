// Compressed proofs: the reference's, byte for byte, and the whole of ours.

import { beforeAll, describe, expect, test } from "vitest";
import { compressOnce } from "../src/compress/compress.ts";
import { type CompressedProof, compressNode, verifyCompressed, verifyCompressedBatch } from "../src/index.ts";
import { compressor } from "./compress-support.ts";
import { type Scenario, scenario } from "./scenario.ts";
import { readVectors, referenceRng } from "./support.ts";

describe("the reference's compressed root", () => {
  const expected = readVectors("compressed.json");
  let proof: CompressedProof;
  let shared: Scenario;
  beforeAll(async () => {
    shared = await scenario();
    proof = await compressOnce(await compressor(), shared.m012.node, referenceRng(expected.seed));
  }, 120_000);

  test("fold", () => {
    const { proof: vector } = expected;
    expect(proof.k).toBe(vector.k);
    expect(proof.D).toEqual(vector.D);
    expect(proof.C).toEqual(vector.C);
    expect(proof.Urnd).toEqual(vector.Urnd);
    expect(proof.fold).toEqual(vector.fold);
  });

  test("opening", () => {
    const { proof: vector } = expected;
    expect(proof.blind).toBe(vector.blind);
    expect(proof.ipa).toEqual({ LR: vector.LR, a: vector.a });
  });
});

describe("ours", () => {
  test("verifies", async () => {
    const { m012, leaf2, setup } = await scenario();
    const c = await compressor();
    let t = performance.now();
    const bytes = await compressNode(c, m012.node, referenceRng("ours"));
    console.log("compress", performance.now() - t, bytes.length);
    t = performance.now();
    const expected = { z0: [3n, 4n], zn: leaf2.D.zOut, steps: 3n };
    expect(await verifyCompressed(c.verifier, bytes, expected)).toEqual([]);
    console.log("verify", performance.now() - t);
    t = performance.now();
    const items = Array.from({ length: 4 }, () => ({ proof: bytes, expected }));
    expect(await verifyCompressedBatch(c.verifier, items, referenceRng("b"))).toEqual([[], [], [], []]);
    console.log("batch of 4", performance.now() - t);
  });
});
