// Compressors that lie: honest code on false input is stopped by the last fold, or else by the opening.

import { freshX } from "@foldmesh/circuits";
import { beforeAll, describe, expect, test } from "vitest";
import { compressWith } from "../src/compress/compress.ts";
import { finalFoldProve, finalFoldVerify, finalHeader } from "../src/compress/final-fold.ts";
import { libraColumns } from "../src/compress/libra.ts";
import { encodeProof } from "../src/compress/proof.ts";
import { type Compressor, type TreeNode, verifyCompressed } from "../src/index.ts";
import { randomRunning } from "../src/mask.ts";
import { type CompressedRoot, compressedRoot, compressor } from "./compress-support.ts";
import { edited, elementOf, recommitted, resealed, setElement } from "./forge.ts";
import { type Scenario, next, scenario } from "./scenario.ts";
import { referenceRng } from "./support.ts";

let shared: Scenario;
let able: Compressor;
let root: CompressedRoot;
beforeAll(async () => {
  shared = await scenario();
  able = await compressor();
  root = await compressedRoot();
}, 120_000);

describe("the last fold refuses", () => {
  const verdictOfFold = async (node: TreeNode): Promise<boolean> =>
    able.exclusive(async () => {
      const { engine, permute, system } = able;
      const random = await randomRunning(able, referenceRng("cheat"));
      const F = engine.Fp;
      const header = finalHeader(permute, system.vk, node, random.U);
      const slots = { U: node.D.U, Urnd: random.U, u: node.u };
      const openings = [node.W, random.W, node.w].map((W) => ({ W: F.fromBytes(W), b: 0n }));
      const libra = { U: libraColumns(system, node.W), Urnd: libraColumns(system, random.W) };
      const { proof } = await finalFoldProve(able, header, slots, openings as never, libra);
      const u = { C: node.u.C, X: freshX(permute, system.vk, node.k, node.D) };
      return finalFoldVerify(permute, header, { ...slots, u }, proof) !== null;
    });

  test("nothing of an honest node", async () => {
    expect(await verdictOfFold(shared.m012.node)).toBe(true);
  });

  const bump = (bytes: Uint8Array, n: number): void =>
    setElement(bytes, n, next(elementOf(bytes, n)));

  test.each<[string, () => TreeNode]>([
    [
      "a merge with a false output",
      () => resealed(able, shared.m012.node, ({ D }) => (D.zOut[0] = next(D.zOut[0]!))),
    ],
    [
      "a leaf with a false output",
      () => resealed(able, shared.leaf0, ({ D }) => (D.zOut[0] = next(D.zOut[0]!))),
    ],
    ["a leaf with a false witness", () => edited(shared.leaf0, ({ w }) => bump(w, 5))],
    ["a merge with a false witness", () => edited(shared.m012.node, ({ w }) => bump(w, 9_000))],
    [
      "false running evaluations",
      () => edited(shared.leaf0, ({ D }) => (D.U.v[0] = next(D.U.v[0]))),
    ],
    [
      "a merge with a leaf's pid",
      () => resealed(able, shared.m012.node, ({ D }) => (D.pid = shared.leaf0.D.pid)),
    ],
  ])("%s", async (_, make) => {
    expect(await verdictOfFold(make())).toBe(false);
  });
});

describe("the opening refuses", () => {
  const verdictOf = async (node: TreeNode, lie: (W: Uint8Array) => void): Promise<string[]> => {
    const rng = referenceRng("cheat");
    const proof = await able.exclusive(async () => {
      const random = await randomRunning(able, rng);
      lie(random.W);
      return compressWith(able, node, random, rng);
    });
    return verifyCompressed(root.key, encodeProof(able.system, proof), root.expected);
  };
  const lastColumn = (): number => able.system.dims.witness - 1;

  test("a Libra mask other than the committed one", async () => {
    const failures = await verdictOf(shared.m012.node, (W) => setElement(W, lastColumn(), 1n));
    expect(failures).toEqual(["opening"]);
  }, 60_000);

  test("Libra columns in the fresh instance", async () => {
    const node = await recommitted(able, shared.m012.node, ({ w }) =>
      setElement(w, lastColumn(), 1n),
    );
    expect(await verdictOf(node, () => {})).toEqual(["opening"]);
  }, 60_000);
});
