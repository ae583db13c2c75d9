// From a circom file to a verdict, in processes of their own; one small proof serves all tests.
import { execFileSync } from "node:child_process";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, type Workplace, makeWorkplace, runCLI, startCLI } from "./run-cli.ts";

const SQUARE = `pragma circom 2.1.0;
template Square() {
    signal input step_in[2];
    signal output step_out[2];
    signal input k[1];
    step_out[0] <== step_in[0] * step_in[0] + k[0];
    step_out[1] <== step_in[1] + 1;
    log("count", step_in[1]);
}
component main {public [step_in]} = Square();`;

/** 3 → 9+1 → 100+2 → 10404+3, and a counter from 7. */
const INPUT = { z0: ["3", "0x7"], steps: [{ k: [1] }, { k: ["2"] }, { k: ["0x3"] }] };
const STATEMENT = { steps: 3, z0: ["3", "7"], zn: ["10407", "10"] };

let workplace: Workplace;
let proving: Finished;
let proof: Uint8Array;
const run = (...args: string[]): Promise<Finished> => runCLI(args, workplace.path);
const verify = (file: string, ...args: string[]): Promise<Finished> =>
  run("verify", "-p", "square", "-f", file, ...args);
const write = (name: string, content: string | Uint8Array): Promise<void> =>
  writeFile(join(workplace.path, name), content);

beforeAll(async () => {
  workplace = await makeWorkplace();
  await write("square.circom", SQUARE);
  await write("input.json", JSON.stringify(INPUT));
  const built = await run("program", "build", "square.circom", "--out", "square", "--json");
  expect(built.stderr).toBe("");
  expect(JSON.parse(built.stdout)).toMatchObject({ name: "square", stateSize: 2 });
  const cut = "--shards 2 --threads 2 --steps-per-leaf 1 --json".split(" ");
  proving = await run("prove", "-p", "square", "-i", "input.json", "-o", "square.proof", ...cut);
  expect(proving.code, proving.stderr).toBe(0);
  proof = await readFile(join(workplace.path, "square.proof"));
});
afterAll(() => workplace[Symbol.asyncDispose]());

describe("inspect", () => {
  it("tells constraints, inputs and what a leaf takes", async () => {
    const { code, stdout } = await run("program", "inspect", "square", "-k", "1", "--json");
    expect(code).toBe(0);
    const described: unknown = JSON.parse(stdout);
    expect(described).toMatchObject({
      stateSize: 2,
      privateInputs: [{ name: "k", size: [1] }],
      leaf: { stepsPerLeaf: 1, logRows: 15 },
    });
    expect(described).toHaveProperty("leaf.keyBytes", expect.any(Number));
    expect(described).toHaveProperty("digest", expect.stringMatching(/^[0-9a-f]{64}$/));
  });
});

describe("prove", () => {
  it("prints one JSON object and tells progress on stderr", () => {
    expect(JSON.parse(proving.stdout)).toMatchObject({
      ok: true,
      bytes: proof.length,
      statement: STATEMENT,
      leaves: 3,
      shards: 2,
    });
    expect(proving.stderr).toMatch(/plan: 3 leaves of 1 step in 2 shards/);
    expect(proving.stderr).toMatch(/step 0: count 7\n[^]*step 2: count 9\n/);
    expect(proving.stderr).not.toContain("\u001B");
  });
  it("leaves nothing but the proof behind", async () => {
    const left = await readdir(workplace.path);
    expect(left.filter((name) => name.includes("proof"))).toEqual(["square.proof"]);
  });
  it.each([
    ['{"z0": ["1"], "steps": [{"k": [1]}]}', /z0 must have 2 elements/],
    ['{"z0": ["1", "2"], "steps": [{"k": [1, 2]}]}', /k/],
    ['{"z0": ["1", "2"], "steps": [{"k": ["x"]}]}', /steps\[0\]\.k/],
    [Uint8Array.of(0xff, 0xfe), /must be JSON text in UTF-8/],
  ])("refuses the input %j", async (input, sentence) => {
    await write("bad.json", input);
    const { code, stderr } = await run(
      "prove",
      "-p",
      "square",
      "-i",
      "bad.json",
      "-o",
      "bad.proof",
    );
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(code).toBe(2);
  });
  it("refuses a cut that does not come out even", async () => {
    const prove = ["prove", "-p", "square", "-i", "input.json", "-o", "cut.proof"];
    const uneven = await run(...prove, "--steps-per-leaf", "2");
    expect(uneven).toMatchObject({ code: 2, stderr: expect.stringMatching(/choose a divisor/) });
    const many = await run(...prove, "--shards", "4");
    expect(many).toMatchObject({ code: 2, stderr: expect.stringMatching(/cannot be cut into 4/) });
  });
});

describe("verify", () => {
  it("accepts the proof for what it states", async () => {
    const { code, stdout } = await verify("square.proof", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, statement: STATEMENT });
    expect(code).toBe(0);
  });
  it("accepts what is expected, in decimal or hexadecimal", async () => {
    const expected = ["--z0", "3,7", "--zn", "0x28a7,0xa", "--steps", "3"];
    const { code, stdout } = await verify("square.proof", ...expected);
    expect(stdout).toMatch(/^valid /);
    expect(code).toBe(0);
  });
  it.each([
    [["--z0", "4,7"], "z0: 4,7 was expected, the proof claims 3,7"],
    [["--zn", "10407,11"], "zn: 10407,11 was expected, the proof claims 10407,10"],
    [["--steps", "4"], "steps: 4 was expected, the proof claims 3"],
  ])("refuses it for %j", async (expected, sentence) => {
    const { code, stdout } = await verify("square.proof", ...expected, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, failures: [sentence] });
    expect(code).toBe(1);
  });
  it("asks for a state of the program's size", async () => {
    const { code, stderr } = await verify("square.proof", "--z0", "3");
    expect(stderr).toMatch(/--z0 must have 2 elements/);
    expect(code).toBe(2);
  });
});

describe("a tampered proof", () => {
  /** The header is magic 7, version 1, digest 32, steps per leaf 4, context 32. */
  const places = [8, 43, 60, 1000, 0.6, -1];
  it.each(places)("with a bit changed at %d is refused with exit code 1", async (place) => {
    const at =
      place < 0 ? proof.length + place : place < 1 ? Math.floor(place * proof.length) : place;
    const changed = Uint8Array.from(proof);
    changed[at]! ^= 1;
    await write("changed.proof", changed);
    const { code, stdout, stderr } = await verify("changed.proof");
    expect(stdout, stderr).toMatch(/^not valid .*\n {2}✗ /);
    expect(code).toBe(1);
  });
  it("cut short or made longer is refused with exit code 1", async () => {
    await write("short.proof", proof.subarray(0, proof.length - 1));
    await write("long.proof", Buffer.concat([proof, Uint8Array.of(0)]));
    expect(await verify("short.proof")).toMatchObject({ code: 1 });
    expect(await verify("long.proof")).toMatchObject({ code: 1 });
  });
  it("of another program is refused with exit code 1", async () => {
    await write("cube.circom", SQUARE.replace("+ 1", "+ 2"));
    expect(await run("program", "build", "cube.circom", "-o", "cube")).toMatchObject({ code: 0 });
    const { code, stdout } = await run("verify", "-p", "cube", "-f", "square.proof");
    expect(stdout).toMatch(/✗ program: /);
    expect(code).toBe(1);
  });
});

describe("what is no proof", () => {
  it.each([
    ["empty", new Uint8Array()],
    ["text", "hello, I am a proof"],
    ["zeros", new Uint8Array(100_000)],
  ])("(%s) is refused with exit code 2 and a sentence", async (name, content) => {
    await write(`${name}.proof`, content);
    const { code, stderr } = await verify(`${name}.proof`);
    expect(stderr).toMatch(/error: not a Foldmesh proof: /);
    expect(code).toBe(2);
  });
  it("(a missing file, a directory) is refused with exit code 2 and a sentence", async () => {
    expect(await verify("none.proof")).toMatchObject({ code: 2 });
    const { code, stderr } = await verify("square");
    expect(stderr).toMatch(/the proof .*square/);
    expect(code).toBe(2);
  });
  it("(another version) is refused with exit code 2", async () => {
    const changed = Uint8Array.from(proof);
    changed[7] = 99;
    await write("version.proof", changed);
    expect(await verify("version.proof")).toMatchObject({ code: 2 });
  });
});

describe("Ctrl-C", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("(%s) ends a job with exit code %d and leaves no file", async (signal, expected) => {
    const before = await readdir(workplace.path);
    const job = startCLI(
      ["prove", "-p", "square", "-i", "input.json", "-o", "stopped.proof", "-k", "1"],
      workplace.path,
    );
    await job.said(/plan: /);
    job.child.kill(signal);
    const { code, stderr } = await job.finished;
    expect(stderr).not.toMatch(/fault|\n\s+at /);
    expect(code).toBe(expected);
    expect(await readdir(workplace.path)).toEqual(before);
  });
  it("pressed twice ends it even while a thread hangs in the file system", async () => {
    await mkdir(join(workplace.path, "hung"));
    execFileSync("mkfifo", [join(workplace.path, "hung", "system-v1.bin")]);
    const args = ["-p", "square", "-i", "input.json", "-o", "hung.proof", "--cache", "hung"];
    const job = startCLI(["prove", ...args], workplace.path);
    await job.said(/making the circuit/);
    await setTimeout(1500); // the thread that opens the pipe has begun
    job.child.kill("SIGINT");
    await setTimeout(500);
    job.child.kill("SIGINT");
    const { code } = await job.finished;
    expect(job.child.signalCode ?? code).toBeOneOf(["SIGINT", 130]);
  });
});
