// Two machines: one proves, the other has nothing but the proof and the program's verifying key.
import { copyFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { minroot, programDir } from "@foldmesh/programs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, type Workplace, makeWorkplace, runCLI } from "./run-cli.ts";

const FILES = ["minroot.proof", "minroot.key", "other.key"];
const zn = minroot([1n, 2n, 0n], 2).join(",");

let home: Workplace;
let elsewhere: Workplace;
let digest: string;

/** Verifies where the files were copied, with a cache that is not there. */
const verify = (...args: string[]): Promise<Finished> =>
  runCLI(["verify", ...args, "--json"], elsewhere.path, join(elsewhere.path, "cache"));

beforeAll(async () => {
  home = await makeWorkplace();
  elsewhere = await makeWorkplace();
  const run = async (...args: string[]): Promise<Finished> => {
    const finished = await runCLI(args, home.path);
    expect(finished.code, finished.stderr).toBe(0);
    return finished;
  };
  await writeFile(join(home.path, "input.json"), '{"z0": ["1", "2", "0"], "count": 2}');
  const program = programDir("minroot");
  const proving = ["prove", "-p", program, "-i", "input.json", "-o", "minroot.proof", "-k", "1"];
  const [key] = await Promise.all([
    run("program", "key", program, "-k", "1", "-o", "minroot.key", "--json"),
    run("program", "key", programDir("sha256"), "-k", "1", "-o", "other.key"),
    run(...proving),
  ]);
  ({ digest } = JSON.parse(key.stdout) as { digest: string });
  for (const name of FILES) await copyFile(join(home.path, name), join(elsewhere.path, name));
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await elsewhere[Symbol.asyncDispose]();
});

const PROOF = ["--proof", "minroot.proof"];
const KEY = ["--key", "minroot.key"];
const outcome = ({ stdout }: Finished): unknown => JSON.parse(stdout);

describe("a proof from another machine", () => {
  it("verifies from files alone, and leaves nothing behind", async () => {
    const asked = ["--z0", "1,2,0", "--zn", zn, "--steps", "2", "--digest", digest];
    const { code, stdout, stderr } = await verify(...KEY, ...PROOF, ...asked);
    expect(code, stderr).toBe(0);
    expect(outcome({ code, stdout, stderr })).toMatchObject({
      ok: true,
      form: "compressed",
      stepsPerLeaf: 1,
      statement: { steps: 2, zn: zn.split(","), provenance: expect.any(String) as string },
    });
    expect((await readdir(elsewhere.path)).toSorted()).toEqual(FILES.toSorted());
  });

  it("is refused for another statement, in words", async () => {
    const asked = ["--z0", "2,1,0", "--steps", "3", "--provenance", "0x5"];
    const finished = await verify(...KEY, ...PROOF, ...asked);
    expect(finished.code).toBe(1);
    expect(outcome(finished)).toMatchObject({
      ok: false,
      failures: [
        "steps: 3 was expected, the proof claims 2",
        "z0: 2,1,0 was expected, the proof claims 1,2,0",
        expect.stringMatching(/^provenance: 5 was expected, the proof claims \d+$/),
      ],
    });
  });

  it("is refused with another program's key", async () => {
    const finished = await verify("--key", "other.key", ...PROOF);
    expect(finished.code).toBe(1);
    expect(finished.stdout).toMatch(/program: the proof is of program/);
  });

  it("is refused with another program's key even where its header was made to fit", async () => {
    const [proof, key] = await Promise.all(
      ["minroot.proof", "other.key"].map((name) => readFile(join(elsewhere.path, name))),
    );
    key!.copy(proof!, 9, 7, 7 + 32); // the program's digest
    await writeFile(join(elsewhere.path, "forged.proof"), proof!);
    const finished = await verify("--key", "other.key", "--proof", "forged.proof");
    expect(finished.code).toBe(1);
    expect(finished.stdout).toMatch(/not a compressed proof of this program/);
  });
});

describe("a damaged file", () => {
  const damaged = async (name: string, at: number): Promise<string> => {
    const bytes = await readFile(join(elsewhere.path, name));
    bytes[at < 0 ? bytes.length + at : at]! ^= 1;
    await mkdir(join(elsewhere.path, "damaged"), { recursive: true });
    await writeFile(join(elsewhere.path, "damaged", name), bytes);
    return `damaged/${name}`;
  };

  it.each([
    ["the statement", 9 + 68 + 50, /"failures":\["form: .*malformed|"failures":\["fold"/],
    ["a round of the fold", 3000, /"failures":\["(fold|form)/],
    ["the last scalar", -1, /"failures":\["(form|Phi|opening)/],
  ])("(the proof, in %s) is refused with exit code 1", async (_, at, reason) => {
    const finished = await verify(...KEY, "--proof", await damaged("minroot.proof", at));
    expect(finished.stdout, finished.stderr).toMatch(reason);
    expect(finished.code).toBe(1);
  });

  it.each([
    ["its magic", 0, [], /does not begin with FMPKEY/],
    ["a matrix", 160_000, [], /not a verifying key|another version/],
    ["anything, where its digest is known", -1, ["--digest"], /its SHA-256 is/],
  ] as const)("(the key, in %s) is refused with exit code 2", async (_, at, pin, sentence) => {
    const key = ["--key", await damaged("minroot.key", at)];
    const finished = await verify(...key, ...PROOF, ...pin.flatMap((option) => [option, digest]));
    expect(finished.stderr).toMatch(sentence);
    expect(finished.code).toBe(2);
  });
});
