// A verifier with nothing but two files: the program's key and the proof.

import { Fp, createEngine, plainPoseidon, secureRng } from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import { unsafePowers } from "@foldmesh/algebra/unsafe-setup";
import {
  decodeProgramKey,
  decodeProofFile,
  encodeNode,
  encodeProofFile,
  compressNode,
  loadCompressor,
  loadSetup,
  powersName,
  proveLeaf,
} from "@foldmesh/folding";
import { minroot, programDir } from "@foldmesh/programs";
import type { Program } from "@foldmesh/r1cs";
import { createWitnessRunner, loadProgram } from "@foldmesh/r1cs/node";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type VerifyingKey,
  claimOf,
  deriveKey,
  openKey,
  originOf,
  verify,
} from "../src/verify/index.ts";

const z0 = [1n, 2n, 0n] as const;
const zn = minroot(z0, 1);
const PID = 7n;
const expected = { z0, zn, steps: 1 };

let program: Program;
let file: Uint8Array;
let key: VerifyingKey;
let proof: Uint8Array;
let node: Uint8Array;

beforeAll(async () => {
  program = await loadProgram(programDir("minroot"));
  const progress: number[] = [];
  file = await deriveKey(program, { stepsPerLeaf: 1, onProgress: (done) => progress.push(done) });
  expect(progress.at(-1)).toBe(2 ** 15);
  key = await openKey(file);
  const { bases } = decodeProgramKey(file, plainPoseidon());
  ({ proof, node } = await proveStep(file, bases));
}, 120_000);

/** One masked leaf of one step, compressed and not, as files. */
async function proveStep(
  keyFile: Uint8Array,
  bases: Uint8Array,
): Promise<Record<"proof" | "node", Uint8Array>> {
  const engine = await createEngine({ load: readModules });
  const { system, structures, ...origin } = decodeProgramKey(keyFile, plainPoseidon());
  const setup = loadCompressor(loadSetup(engine, system, structures, bases), structures);
  const runner = createWitnessRunner({
    wasm: program.wasm,
    columns: program.step.r1cs.columns,
    inputs: program.inputs,
  });
  const assignment = await runner.run({ step_in: [...z0] }, { step: 0 });
  await runner.close();
  const rng = secureRng();
  const leaf = await proveLeaf(setup, { i: 0n, assignment, pid: PID, mask: true }, rng);
  const { programDigest, stepsPerLeaf, context } = origin;
  const header = { programDigest, stepsPerLeaf, context, key: system.key.kind };
  const body = await compressNode(setup, leaf, rng);
  return {
    proof: encodeProofFile({ ...header, form: "compressed", body }),
    node: encodeProofFile({ ...header, form: "node", body: encodeNode(system, leaf) }),
  };
}

const failures = async (
  bytes: Uint8Array,
  asked: Parameters<typeof verify>[2] = expected,
): Promise<readonly string[]> => {
  const verdict = await verify(key, bytes, asked);
  return verdict.ok ? [] : verdict.failures;
};

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at]! ^= 1;
  return copy;
};

describe("a true proof", () => {
  test("verifies for what it states, on either kernels", async () => {
    const { programDigest } = key;
    const { provenance } = claimOf(key, proof)!;
    const statement = { ...expected, programDigest, stepsPerLeaf: 1, context: 0n, provenance };
    expect(await verify(key, proof, expected)).toEqual({ ok: true, statement });
    const slow = await openKey(file, { digest: key.digest, backend: "int29" });
    expect(await verify(slow, proof, { ...expected, provenance })).toEqual({ ok: true, statement });
  }, 30_000);

  test("verifies with the key's file alone", async () => {
    expect(await verify(file, proof, expected)).toMatchObject({ ok: true });
  }, 30_000);

  test("is small, and its key a few megabytes", () => {
    expect(proof.length).toBeLessThan(10_240);
    expect(file.length).toBeLessThan(2.3 * 2 ** 20);
  });

  test("tells what it claims", () => {
    expect(claimOf(key, proof)).toMatchObject(expected);
    const { programDigest } = key;
    expect(originOf(proof)).toEqual({ programDigest, stepsPerLeaf: 1, context: 0n });
    expect(originOf(proof.slice(1))).toBeUndefined();
  });

  test.each([
    ["another start", { z0: [1n, 3n, 0n] }, /another start/],
    ["another end", { zn: [zn[1], zn[0], zn[2]] }, /another end/],
    ["start and end swapped", { z0: zn, zn: z0 }, /another start.*another end/],
    ["more steps", { steps: 2 }, /another number of steps/],
    ["no number", { steps: Number.NaN }, /cannot make NaN/],
    ["half a step", { steps: 0.5 }, /cannot make 0.5/],
    ["other contributors", { provenance: PID }, /binds other contributors/],
    ["a shorter state", { z0: [1n, 2n] }, /another start/],
  ])("is none for %s", async (_, change, reason) => {
    const verdict = await verify(key, proof, { ...expected, ...change });
    expect(verdict).toMatchObject({ ok: false, reason: expect.stringMatching(reason) as string });
  });
});

describe("what is no proof", () => {
  test("one byte changed, anywhere", async () => {
    const body = proof.length - decodeProofFile(proof).body.length;
    const places = [0, 7, 8, 9, 41, 45, body, body + 8, body + 40, body + 45];
    for (let at = body + 50; at < proof.length; at += 1531) places.push(at);
    for (const at of [...places, proof.length - 1]) {
      expect(await failures(flipped(proof, at)), `byte ${at}`).not.toEqual([]);
    }
  }, 60_000);

  test("cut short, too long, empty, or noise", async () => {
    const longer = new Uint8Array([...proof, 0]);
    for (const bytes of [proof.slice(0, -1), proof.slice(0, 80), longer, new Uint8Array()]) {
      expect(await failures(bytes)).toEqual([expect.stringMatching(/^form: /)]);
      expect(claimOf(key, bytes)).toBeUndefined();
    }
    const noise = Uint8Array.from({ length: proof.length }, (_, i) => (i * 73) & 255);
    expect(await failures(noise)).toEqual([expect.stringMatching(/FMPROOF/)]);
  });

  test("a tree node", async () => {
    expect(await failures(node)).toEqual([expect.stringMatching(/a tree node came/)]);
    expect(claimOf(key, node)).toBeUndefined();
  });

  test("of another program, leaf or job by its own words", async () => {
    const own = decodeProofFile(proof);
    const others = [
      { programDigest: "00".repeat(32) },
      { stepsPerLeaf: 2 },
      { context: 5n },
      { key: "kzg" },
    ] as const;
    const said = await Promise.all(
      others.map((change) => failures(encodeProofFile({ ...own, ...change }))),
    );
    expect(said).toEqual([
      [expect.stringMatching(/^program: the proof is of program 0{16}…/)],
      [expect.stringMatching(/^steps per leaf: the proof has leaves of 2/)],
      [expect.stringMatching(/^context: the proof is bound to 5/)],
      [expect.stringMatching(/^key: the proof is for a kzg commitment key/)],
    ]);
  });
});

describe("a key's file", () => {
  test("is the same for whoever derives it, and has a name", async () => {
    expect((await openKey(file, { digest: key.digest })).digest).toBe(key.digest);
    expect(key.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(key).toMatchObject({ stepsPerLeaf: 1, context: 0n, stateSize: 3 });
  }, 30_000);

  test.each([
    ["another than the pinned one", 50, /its SHA-256 is [0-9a-f]{64}, expected/, true],
    ["no key", 0, /does not begin with FMPKEY/, false],
    ["of another version", 6, /format version 0/, false],
    ["of no context", 74, /not below the modulus/, false],
    ["of another context than its circuit's", 43, /differ in context/, false],
    ["of another circuit", 90, /another version of the protocol/, false],
  ] as const)(
    "%s is refused",
    async (_, at, message, pinned) => {
      const bytes = file.slice();
      bytes[at]! ^= at === 74 ? 255 : 1;
      const options = pinned ? { digest: key.digest } : {};
      await expect(openKey(bytes, options)).rejects.toThrow(message);
      await expect(openKey(bytes, options)).rejects.toMatchObject({ name: "FoldingError" });
    },
    30_000,
  );

  test("cut short or too long is refused", async () => {
    await expect(openKey(file.slice(0, 60))).rejects.toThrow(/only 60 bytes/);
    await expect(openKey(file.slice(0, -1))).rejects.toThrow(/not a verifying key/);
    await expect(openKey(new Uint8Array([...file, 0]))).rejects.toThrow(/bytes of generators/);
  }, 30_000);
});

describe("under powers of tau", () => {
  test("the key is small, and the same function verifies", async () => {
    const engine = await createEngine({ load: readModules });
    const srs = await unsafePowers(engine, secureRng().element(Fp), 2 ** 15);
    const powers = (count: number) => {
      expect(count).toBe(2 ** 15);
      return Promise.resolve(srs);
    };
    const kzgFile = await deriveKey(program, { stepsPerLeaf: 1, powers });
    expect(kzgFile.length).toBeLessThan(2 ** 18);
    const kzg = await openKey(kzgFile);
    expect(kzg).toMatchObject({ kind: "kzg", powers: powersName(srs.tau2) });
    expect(key.powers).toBeUndefined();
    const { proof: kzgProof } = await proveStep(kzgFile, srs.bases);
    expect(kzgProof.length).toBeLessThan(10_240);
    expect(await verify(kzg, kzgProof, expected)).toMatchObject({ ok: true });
    expect(await verify(kzg, kzgProof, { ...expected, steps: 2 })).toMatchObject({ ok: false });
    expect(await verify(kzg, flipped(kzgProof, kzgProof.length - 1), expected)).toMatchObject({
      ok: false,
    });
    expect(await verify(kzg, proof, expected)).toMatchObject({
      reason: "key: the proof is for a transparent commitment key, this one is kzg",
    });
    const few = { ...srs, bases: srs.bases.subarray(64) };
    const tooFew = deriveKey(program, { stepsPerLeaf: 1, powers: () => Promise.resolve(few) });
    await expect(tooFew).rejects.toMatchObject({ name: "FoldingError", code: "KEY" });
  }, 60_000);
});
