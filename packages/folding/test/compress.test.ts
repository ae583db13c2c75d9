// Compressed proofs: the reference's, byte for byte, and honest ones of ours.

import { Fp } from "@foldmesh/algebra";
import { provenance } from "@foldmesh/circuits";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeProof } from "../src/compress/proof.ts";
import {
  type Compressor,
  FoldingError,
  compressNode,
  decodeProof,
  proofBytes,
  remask,
  verifyCompressed,
  verifyCompressedBatch,
  verifyNode,
} from "../src/index.ts";
import { type CompressedRoot, compressedRoot, compressor } from "./compress-support.ts";
import { type Scenario, scenario } from "./scenario.ts";
import { readVectors, referenceRng } from "./support.ts";

let shared: Scenario;
let able: Compressor;
let root: CompressedRoot;
beforeAll(async () => {
  shared = await scenario();
  able = await compressor();
  root = await compressedRoot();
}, 120_000);

describe("the reference's compressed root", () => {
  const { proof: vector, opening } = readVectors("compressed.json");

  test("fold", () => {
    const { k, D, C, Urnd, fold } = root.proof;
    expect({ k, D, C, Urnd, fold }).toEqual({
      k: vector.k,
      D: vector.D,
      C: vector.C,
      Urnd: vector.Urnd,
      fold: vector.fold,
    });
  });

  test("opening", () => {
    expect(root.proof.blind).toBe(vector.blind);
    expect(root.proof.opening).toEqual({ LR: vector.LR, a: vector.a });
    expect(root.key.keys.w.length).toBe(opening.length);
  });

  test("verifies, with Φ's side of ours", async () => {
    expect(await verifyCompressed(root.key, root.bytes, root.expected)).toEqual([]);
  });
});

describe("encoding", () => {
  test("is at most 10 kB, of a size that the program alone decides", () => {
    expect(root.bytes.length).toBe(proofBytes(shared.setup.system));
    expect(root.bytes.length).toBeLessThanOrEqual(10_000);
  });

  test("decodes to the same proof and back to the same bytes", () => {
    const decoded = decodeProof(shared.setup.system, root.bytes);
    expect(decoded).toEqual(root.proof);
    expect(encodeProof(shared.setup.system, decoded)).toEqual(root.bytes);
  });

  test("reads from a view into other memory", async () => {
    const memory = new Uint8Array(root.bytes.length + 7).fill(0xff);
    memory.set(root.bytes, 5);
    const view = memory.subarray(5, 5 + root.bytes.length);
    expect(await verifyCompressed(root.key, view, root.expected)).toEqual([]);
    expect(decodeProof(shared.setup.system, Buffer.from(root.bytes))).toEqual(root.proof);
  });
});

describe("what is expected", () => {
  const statement = async (change: object): Promise<string[]> =>
    verifyCompressed(root.key, root.bytes, { ...root.expected, ...change });

  test("differs in one part", async () => {
    const { z0, zn } = root.expected;
    expect(await statement({ steps: 2n })).toEqual(["statement: j"]);
    expect(await statement({ steps: 4n })).toEqual(["statement: j"]);
    expect(await statement({ first: 1n, steps: 2n })).toEqual(["statement: i"]);
    expect(await statement({ z0: [z0[0]!, Fp.add(z0[1]!, 1n)] })).toEqual(["statement: z"]);
    expect(await statement({ zn: [Fp.add(zn[0]!, 1n), zn[1]!] })).toEqual(["statement: z'"]);
    expect(await statement({ z0: zn, zn: z0 })).toEqual(["statement: z", "statement: z'"]);
    expect(await statement({ z0: z0.slice(1) })).toEqual(["statement: z"]);
    expect(await statement({ zn: [...zn, 0n] })).toEqual(["statement: z'"]);
    expect(await statement({ z0: [z0[0]! + Fp.modulus, z0[1]!] })).toEqual(["statement: z"]);
  });

  test("names the contributors", async () => {
    const { k, D } = shared.m012.node;
    const pid = provenance(shared.setup.permute, k, D);
    expect(await statement({ provenance: pid })).toEqual([]);
    expect(await statement({ provenance: pid + 1n })).toEqual(["statement: pid"]);
  });
});

describe("nodes of other kinds", () => {
  test("a masked leaf; its provenance is not its bare pid", async () => {
    const { leaf0 } = shared;
    const proof = await compressNode(able, leaf0, referenceRng("one leaf"));
    const expected = { z0: leaf0.D.zIn, zn: leaf0.D.zOut, steps: 1n };
    const pid = provenance(shared.setup.permute, 0n, leaf0.D);
    const check = (provenance: bigint) =>
      verifyCompressed(root.key, proof, { ...expected, provenance });
    expect(await check(pid)).toEqual([]);
    expect(await check(leaf0.D.pid)).toEqual(["statement: pid"]);
  }, 60_000);

  test("a tree without masked leaf is refused, and what no program made", async () => {
    const codeOf = async (node: typeof shared.leaf1): Promise<string> => {
      const error = await compressNode(able, node, referenceRng("refused")).catch((e) => e);
      expect(error).toBeInstanceOf(FoldingError);
      return (error as FoldingError).code;
    };
    expect(await codeOf(shared.leaf1)).toBe("UNMASKED");
    expect(await codeOf(shared.m23)).toBe("UNMASKED");
    expect(await codeOf({ ...shared.m012.node, bw: Fp.modulus })).toBe("DECODE");
  });
});

describe("remask", () => {
  test("changes the masks, the blind and the commitment, and nothing else", async () => {
    const { node } = shared.m01;
    const again = await remask(shared.setup, node, referenceRng("again"));
    expect(await verifyNode(shared.setup, again)).toEqual([]);
    expect(again.D).toEqual(node.D);
    expect(again.u.X).toEqual(node.u.X);
    expect(again.u.C).not.toEqual(node.u.C);
    expect(again.bw).not.toBe(node.bw);
    const { maskStart, libraStart } = shared.setup.system.dims;
    const [start, end] = [32 * maskStart, 32 * libraStart];
    expect(again.w.subarray(0, start)).toEqual(node.w.subarray(0, start));
    expect(again.w.subarray(end)).toEqual(node.w.subarray(end));
    for (let at = start; at < end; at += 32) {
      expect(again.w.subarray(at, at + 32)).not.toEqual(node.w.subarray(at, at + 32));
    }
  });

  test("is part of every compression: no two proofs share what m₁, m₂, m₃ hide", async () => {
    const bytes = await compressNode(able, shared.m012.node, referenceRng("once more"));
    expect(await verifyCompressed(root.key, bytes, root.expected)).toEqual([]);
    const { C, fold, relaxed } = decodeProof(shared.setup.system, bytes);
    expect(C).not.toEqual(root.proof.C);
    expect(C).not.toEqual(shared.m012.node.u.C);
    expect(fold.evals[2]).not.toEqual(root.proof.fold.evals[2]);
    expect(relaxed.X).not.toEqual(root.proof.relaxed.X);
  }, 60_000);
});

describe("batches", () => {
  const rng = referenceRng("batch");
  const item = () => ({ proof: root.bytes, expected: root.expected });

  test("of valid proofs", async () => {
    expect(await verifyCompressedBatch(root.key, [], rng)).toEqual([]);
    expect(await verifyCompressedBatch(root.key, [item(), item(), item()], rng)).toEqual([
      [],
      [],
      [],
    ]);
  });

  test("name the bad among the good, whatever is wrong with them", async () => {
    const altered = (change: (copy: Uint8Array) => void) => {
      const proof = new Uint8Array(root.bytes);
      change(proof);
      return { proof, expected: root.expected };
    };
    const items = [
      item(),
      altered((copy) => (copy[copy.length - 32]! ^= 1)), // the last scalar
      { ...item(), expected: { ...root.expected, steps: 2n } },
      altered((copy) => (copy[0]! ^= 1)),
      item(),
    ];
    const [first, second, third, fourth, last] = await verifyCompressedBatch(root.key, items, rng);
    expect([first, second, third, last]).toEqual([[], ["Phi: opening"], ["statement: j"], []]);
    expect(fourth).toEqual([expect.stringMatching(/^form: /)]);
  });

  test("do not let errors of two proofs cancel", async () => {
    const a = decodeProof(shared.setup.system, root.bytes);
    const shifted = (by: bigint) => ({
      proof: encodeProof(shared.setup.system, {
        ...a,
        relaxed: { ...a.relaxed, ipa: { ...a.relaxed.ipa, a: Fp.reduce(a.relaxed.ipa.a + by) } },
      }),
      expected: root.expected,
    });
    const failures = await verifyCompressedBatch(root.key, [shifted(1n), shifted(-1n)], rng);
    expect(failures).toEqual([["Phi: opening"], ["Phi: opening"]]);
  });
});
