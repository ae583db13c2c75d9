// What the command line says to arguments and files that it cannot use. Nothing is proved here.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, open, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { programDir, sha256State } from "@foldmesh/programs";
import { type JobInput, parseJobInput, stepCount } from "@foldmesh/r1cs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, MAIN, type Workplace, makeWorkplace, runCLI } from "./run-cli.ts";

const CUBIC = `template Step() {
  signal input step_in[1];
  signal output step_out[1];
  step_out[0] <== step_in[0] * step_in[0] * step_in[0];
}
component main {public [step_in]} = Step();`;

let workplace: Workplace;
const run = (...args: string[]): Promise<Finished> => runCLI(args, workplace.path);
const write = (name: string, text: string): Promise<void> =>
  writeFile(join(workplace.path, name), text);

beforeAll(async () => {
  workplace = await makeWorkplace();
});
afterAll(() => workplace[Symbol.asyncDispose]());

/** One sentence on stderr, no stack. */
function expectRefusal({ code, stderr }: Finished, sentence: RegExp): void {
  expect(stderr).toMatch(sentence);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(code).toBe(2);
}

describe("help", () => {
  const commands = [
    "program build",
    "program inspect",
    "program key",
    "prove",
    "verify",
    "bench",
    "doctor",
    "demo",
    "dashboard",
  ];
  it.each(commands)("of %s describes it with examples", async (command) => {
    const { code, stdout } = await run(...command.split(" "), "--help");
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: foldmesh ${command}`);
    expect(stdout).toContain("--json");
    expect(stdout).toMatch(/Examples:\n {2}\$ foldmesh /);
  });
  it("lists exit codes", async () => {
    const { code, stdout } = await run("--help");
    expect(code).toBe(0);
    expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 /);
  });
  it("has no colours away from a terminal", async () => {
    const { stdout } = await run("--help");
    expect(stdout).not.toContain("\u001B");
  });
  it("is shown, with exit code 2, where no command is given", async () => {
    expectRefusal(await run(), /Usage: foldmesh/);
    expectRefusal(await run("program"), /Usage: foldmesh program/);
  });
});

describe("bad arguments", () => {
  it.each([
    [["prov"], /unknown command 'prov'[^]*Did you mean prove/],
    [["prove", "--program", "x"], /required option '-i, --input <file>' not specified/],
    [["prove", "-p", "x", "-i", "y", "-o", "z", "--colour"], /unknown option '--colour'/],
    [["verify", "-p", "x", "-f", "y", "--z0", "1,x"], /"x" is no element/],
    [["verify", "-p", "x", "-f", "y", "--z0", "1,2,3,4,5"], /at most 4 elements/],
    [["verify", "-p", "x", "-f", "y", "--zn", `0x${"f".repeat(64)}`], /below the order/],
    [["verify", "-p", "x", "-f", "y", "--steps", "0"], /whole number from 1/],
    [["verify", "-p", "x", "-f", "y", "--steps", "1.5"], /whole number from 1/],
    [["verify", "-f", "y"], /--program DIR, or --key FILE/],
    [["verify", "-p", "x", "-f", "y", "--digest", "0".repeat(64)], /--digest is that of a key/],
    [["verify", "--key", "x", "-f", "y", "-k", "2"], /--steps-per-leaf has no use with --key/],
    [["verify", "--key", "x", "-f", "y", "--digest", "00"], /64 hexadecimal digits/],
    [["bench", "msm-g3"], /there is no benchmark "msm-g3": choose from msm-g1, /],
    [["demo", "a", "b"], /too many arguments/],
  ])("%j", async (args, sentence) => expectRefusal(await run(...args), sentence));

  it("are told as JSON too", async () => {
    const { code, stdout } = await run("prove", "--json");
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: "USAGE", exitCode: 2 } });
  });
});

describe("bad files", () => {
  it("a program that is not there", async () => {
    expectRefusal(
      await run("program", "inspect", "nowhere"),
      /cannot read .*nowhere.program\.json/,
    );
  });
  it("a circuit that is not there, is a directory or is not circom", async () => {
    await write("notes.txt", "hello");
    await write("bad.circom", "pragma circom 2.0.0; template A() { signal inpt x; }");
    await mkdir(join(workplace.path, "folder"));
    expectRefusal(
      await run("program", "build", "no.circom", "-o", "out"),
      /cannot read .*no\.circom/,
    );
    expectRefusal(await run("program", "build", "folder", "-o", "out"), /folder/);
    expectRefusal(
      await run("program", "build", "notes.txt", "-o", "out"),
      /must be a \.circom file/,
    );
    expectRefusal(await run("program", "build", "bad.circom", "-o", "out"), /circom|parse/i);
  });
  it("a circuit without step_in and step_out", async () => {
    await write(
      "other.circom",
      "pragma circom 2.0.0; template A() { signal input x; signal output y; y <== x * x; } component main = A();",
    );
    const refused = await run("program", "build", "other.circom", "-o", "out", "--json");
    expectRefusal(refused, /step_in/);
    expect(JSON.parse(refused.stdout)).toMatchObject({ ok: false, error: { code: "CONVENTION" } });
  });
  it("an output that cannot be written is refused before any work", async () => {
    await mkdir(join(workplace.path, "taken"));
    const prove = (out: string): Promise<Finished> => run("prove", "-p", "x", "-i", "y", "-o", out);
    expectRefusal(await prove("taken"), /taken is there and is no plain file/);
    expectRefusal(await prove("no/such/proof"), /create no\/such or name another output/);
  });
  it("an output that is one of the inputs, under whatever name", async () => {
    await write("own.json", "{}");
    await symlink("own.json", join(workplace.path, "other.json"));
    await mkdir(join(workplace.path, "prog"));
    await write("prog/step.wasm", "");
    const prove = (out: string): Promise<Finished> =>
      run("prove", "-p", "prog", "-i", "own.json", "-o", out);
    expectRefusal(await prove("other.json"), /other\.json is read by this command/);
    expectRefusal(await prove("prog/step.wasm"), /step\.wasm is read by this command/);
    expectRefusal(
      await run("program", "input", "sha256", "-f", "own.json", "-o", "own.json"),
      /own\.json is read by this command/,
    );
  });
  it("a pipe that nobody writes to", async () => {
    execFileSync("mkfifo", [join(workplace.path, "pipe")]);
    expectRefusal(await run("demo", "pipe"), /the file must be a file; pipe is something else/);
  });
  it("a circuit with an error is pointed into line by line", async () => {
    await write("cubic.circom", CUBIC);
    const { stderr } = await run("program", "build", "cubic.circom", "-o", "out");
    expect(stderr).toMatch(/Non quadratic constraints are not allowed!\n.*cubic\.circom":4:/);
    expect(stderr).not.toMatch(/warning/);
  });
  it("a demo of a file that is not there", async () => {
    expectRefusal(
      await run("demo", "nothing.txt"),
      /the file nothing\.txt cannot be read: there is no such file/,
    );
  });
});

describe("an input for a program that comes with Foldmesh", () => {
  const made = async (...args: string[]): Promise<{ result: unknown; input: JobInput }> => {
    const { code, stdout, stderr } = await run("program", "input", ...args, "-o", "i", "--json");
    expect(code, stderr).toBe(0);
    const text = await readFile(join(workplace.path, "i"), "utf8");
    return { result: JSON.parse(stdout), input: parseJobInput(text) };
  };
  it("sha256: the blocks of a file, and the digest to expect", async () => {
    await write("notes", "x".repeat(100));
    const { result, input } = await made("sha256", "--file", "notes");
    const digest = createHash("sha256").update("x".repeat(100)).digest("hex");
    const zn = sha256State(digest).map(String);
    expect(result).toMatchObject({ statement: { steps: 2, zn }, program: programDir("sha256") });
    expect(stepCount(input)).toBe(2);
  });
  it("transfers and minroot: as many steps as asked for", async () => {
    const transfers = await made("transfers", "--steps", "3");
    expect(transfers.result).toMatchObject({
      statement: { steps: 3, zn: [expect.stringMatching(/^\d+$/), "6"] },
    });
    expect(stepCount(transfers.input)).toBe(3);
    const { result, input } = await made("minroot", "-n", "2");
    expect(result).toMatchObject({ statement: { steps: 2, z0: ["1", "2", "0"] } });
    expect(input).toEqual({ z0: [1n, 2n, 0n], count: 2 });
  });
  it.each([
    [["sha256"], /name one with --file/],
    [["sha256", "-f", "notes", "-n", "2"], /--steps: sha256 takes as many/],
    [["minroot", "-f", "notes"], /--file: minroot reads no file/],
    [["sha512"], /choices are sha256, transfers, minroot/],
  ])("refuses %j", async (args, sentence) => {
    expectRefusal(await run("program", "input", ...args, "-o", "i"), sentence);
  });
});

describe("what cannot be written", () => {
  it("an output that is full", async () => {
    const full = await open("/dev/full", "w");
    const child = spawn(process.execPath, [MAIN, "--version"], {
      stdio: ["ignore", full.fd, "pipe"],
    });
    let stderr = "";
    child.stderr!.on("data", (chunk) => (stderr += String(chunk)));
    const code = await new Promise((resolve) => child.on("close", resolve));
    await full.close();
    expect(stderr).toMatch(/^error: the output could not be written \(ENOSPC/m);
    expect(code).toBe(2);
  });
  it("a data directory where there can be none", async () => {
    const refused = await run("keys", "--data", "/proc/nowhere/data");
    expectRefusal(refused, /the data directory \S+ cannot be made .*name another one with --data/);
  });
});

it("the version is told", async () => {
  expect(await run("--version")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
});
