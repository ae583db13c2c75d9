// Powers of tau from files, and a whole computation of a program that is bound to them. The files are made here:
// for tests only.

import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fp, type SRS, createEngine, g2ToBytes, secureRng } from "@foldmesh/algebra";
import { readModules } from "@foldmesh/algebra/node";
import { unsafePowers, unsafePtau } from "@foldmesh/algebra/unsafe-setup";
import { programDir } from "@foldmesh/programs";
import { loadProgram } from "@foldmesh/r1cs/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type KeyChoice,
  ProverError,
  decodeProof,
  encodeProof,
  proveJob,
  verifyProof,
} from "../src/index.ts";
import { loadSRS } from "../src/srs.ts";

const POWER = 4;
let dir: string;
let small: Uint8Array;
let expected: SRS;
const path = (name: string): string => join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "foldmesh-srs-"));
  const engine = await createEngine({ load: readModules });
  const tau = secureRng().element(Fp);
  small = await unsafePtau(engine, tau, POWER);
  expected = await unsafePowers(engine, tau, 9);
  await writeFile(path("small.ptau"), small);
}, 30_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

const codeOf = async (loading: Promise<unknown>): Promise<string> => {
  const error: unknown = await loading.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ProverError);
  return `${(error as ProverError).code}: ${(error as ProverError).message}`;
};

describe("powers of tau", () => {
  const cached = async (cache: string): Promise<string[]> =>
    (await readdir(path(cache))).filter((name) => name.startsWith("srs-passed-v1-"));

  test("are checked once, which is remembered by the hash of the points", async () => {
    const load = (): Promise<SRS> => loadSRS(path("small.ptau"), 9, path("cache"));
    expect(await load()).toEqual(expected);
    const [name] = await cached("cache");
    expect(await cached("cache")).toHaveLength(1);
    expect(await load()).toEqual(expected);
    expect((await readFile(path(`cache/${name}`))).length).toBe(32);
    await loadSRS(path("small.ptau"), 8, path("cache"));
    expect(await cached("cache")).toHaveLength(2);
  });

  test("never come out of the cache: whoever writes there cannot exchange them", async () => {
    const load = (): Promise<SRS> => loadSRS(path("small.ptau"), 9, path("cache"));
    await load();
    const engine = await createEngine({ load: readModules });
    const { bases, tau2 } = await unsafePowers(engine, 5n, 9);
    const content = Buffer.concat([bases, g2ToBytes(tau2)]);
    const hash = createHash("sha256").update(content).digest();
    for (const name of await readdir(path("cache"))) {
      await writeFile(path(`cache/${name}`), Buffer.concat([hash, content]));
    }
    expect(await load()).toEqual(expected);
  });

  test("that cannot be used are refused by name, and not cached", async () => {
    const load = async (name: string, bytes: Uint8Array, count = 9): Promise<string> => {
      await writeFile(path(name), bytes);
      return codeOf(loadSRS(path(name), count, path("other-cache")));
    };
    expect(await codeOf(loadSRS(path("none.ptau"), 9, dir))).toMatch(/^KEY: cannot read .*ENOENT/);
    expect(await codeOf(loadSRS(dir, 9, dir))).toMatch(/^KEY: /);
    expect(await load("empty.ptau", new Uint8Array(0))).toMatch(/^KEY: .*it ends after 0 bytes/);
    expect(await load("cut.ptau", small.slice(0, -1))).toMatch(/^KEY: .*ends behind the file/);
    expect(await load("few.ptau", small, 32)).toMatch(/^KEY: .*take one of power 5 or more/);
    const altered = new Uint8Array(small);
    altered.copyWithin(80 + 64 * 3, 80 + 64 * 4, 80 + 64 * 5);
    expect(await load("altered.ptau", altered)).toMatch(/^KEY: .*the pairings differ/);
    expect(await readdir(dir)).not.toContain("other-cache");
  });
});

describe("a program bound to powers of tau", () => {
  const z0 = [1n, 2n, 0n];
  /** 2^16 − 1 powers. */
  const LARGE = 15;
  let proof: Uint8Array;

  const verify = async (file: Uint8Array, key?: KeyChoice): Promise<readonly string[]> => {
    const program = await loadProgram(programDir("minroot"));
    const verdict = await verifyProof({
      program,
      proof: file,
      expected: { z0, steps: 4 },
      ...(key !== undefined && { key }),
      cacheDir: dir,
    });
    return verdict.ok ? [] : verdict.failures;
  };
  const ptau = { ptau: "" };

  beforeAll(async () => {
    const engine = await createEngine({ load: readModules });
    const program = await loadProgram(programDir("minroot"));
    for (const name of ["large.ptau", "other.ptau"]) {
      const tau = secureRng().element(Fp);
      await writeFile(path(name), await unsafePtau(engine, tau, LARGE));
    }
    ptau.ptau = path("large.ptau");
    const input = { z0, count: 4 };
    const request = { program, input, stepsPerLeaf: 2, threads: 1, key: ptau, cacheDir: dir };
    ({ proof } = await proveJob(request));
  }, 120_000);

  test("proves, and its short proof verifies with the same file", async () => {
    expect(proof.length).toBeLessThan(10_000);
    expect(decodeProof(proof)).toMatchObject({ form: "compressed", key: "kzg" });
    expect(await verify(proof, ptau)).toEqual([]);
    const altered = new Uint8Array(proof);
    altered[altered.length - 2_000]! ^= 1;
    expect(await verify(altered, ptau)).not.toEqual([]);
  }, 60_000);

  test("its proof is refused without the file, with another one, and whatever its header says", async () => {
    expect(await verify(proof)).toEqual([expect.stringMatching(/^key: .*bound to powers of tau/)]);
    expect(await verify(proof, { ptau: path("other.ptau") })).toEqual([
      expect.stringContaining("another program"),
    ]);
    const relabelled = encodeProof({ ...decodeProof(proof), key: "transparent" });
    expect(await verify(relabelled, ptau)).toEqual([expect.stringMatching(/^key: /)]);
  }, 60_000);

  test("an unusable file is an error, not a verdict", async () => {
    expect(await codeOf(verify(proof, { ptau: path("small.ptau") }))).toMatch(
      /^KEY: .*needs 32768 powers of tau, this file has 31/,
    );
  }, 60_000);
});
