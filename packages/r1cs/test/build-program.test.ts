// Compiles circuits as strangers write them, from directories of their own.

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Fp, elementsFromBytes, elementsToBytes } from "@foldmesh/algebra";
import { type Program, type StepInputs, firstViolation, showSignal } from "@foldmesh/r1cs";
import { buildProgram, createWitnessRunner, loadProgram } from "@foldmesh/r1cs/node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { expectRejected } from "./refused.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "foldmesh build ")); // the blank is part of the test
});
afterAll(() => rm(root, { recursive: true }));

let built = 0;

/** Writes files into a fresh directory and builds main.circom there. */
async function build(files: Record<string, string>, includes: string[] = []): Promise<Program> {
  const directory = join(root, `p${built++}`);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  return buildProgram({
    source: join(directory, "main.circom"),
    out: join(directory, "out"),
    includes: includes.map((path) => join(directory, path)),
  });
}

const step = (body: string, declarations = "", main = "{public [step_in]}"): string => `
pragma circom 2.0.0;
${declarations}
template Step(n) {
  signal input step_in[n];
  signal output step_out[n];
  ${body}
}
component main ${main} = Step(2);
`;

const SQUARES = "for (var i = 0; i < n; i++) { step_out[i] <== step_in[i] * step_in[i]; }";

function runnerOf(
  program: Program,
  more: { timeLimitMs?: number; onLog?: (line: string) => void } = {},
) {
  const { wasm, inputs, manifest } = program;
  const runner = createWitnessRunner({ wasm, inputs, columns: manifest.wires, ...more });
  onTestFinished(() => runner.close());
  return runner;
}

/** Runs one step; gives step_out of an assignment that satisfies the circuit. */
async function run(program: Program, inputs: StepInputs): Promise<bigint[]> {
  const z = await runnerOf(program).run(inputs);
  expect(firstViolation(program.step.r1cs, z, program.sym)).toBeUndefined();
  return elementsFromBytes(z, Fp.modulus).slice(1, 1 + program.step.stateSize);
}

describe("a conforming circuit", () => {
  test("becomes a program directory, which loads again", async () => {
    const program = await build({ "main.circom": step(SQUARES) });
    expect(program.manifest).toMatchObject({
      version: 1,
      name: "main",
      stateSize: 2,
      constraints: 2,
      wires: 5,
      privateInputs: [],
      compiler: expect.stringMatching(/^circom 2\.\d+\.\d+ --O2$/),
    });
    const directory = join(root, `p${built - 1}`);
    expect((await readdir(join(directory, "out"))).sort()).toEqual([
      "program.json",
      "step.r1cs",
      "step.sym",
      "step.wasm",
    ]);
    expect((await readdir(directory)).sort()).toEqual(["main.circom", "out"]);
    expect((await loadProgram(join(directory, "out"))).digest).toBe(program.digest);
    expect(await run(program, { step_in: [3n, 5n] })).toEqual([9n, 25n]);
  });

  test("may include circomlib in every usual way", async () => {
    const places = ["", "circuits/", "circomlib/circuits/"];
    const modules = ["", "../", "../../"].map((up) => `${up}node_modules/circomlib/circuits/`);
    const includes = [...places, ...modules].map((place) => `include "${place}poseidon.circom";`);
    const body = `${SQUARES} component h = Poseidon(1); h.inputs[0] <== step_in[0];`;
    const program = await build({ "main.circom": step(body, includes.join("\n")) });
    expect(program.manifest.constraints).toBeGreaterThan(200);
  });

  test("may include its own files, beside it, above it and from -l directories", async () => {
    const library = (name: string): string =>
      `pragma circom 2.0.0; template ${name}() { signal input in; signal output out; out <== in * in; }`;
    const files = {
      "main.circom": step(SQUARES, 'include "./sub/a.circom"; include "c.circom";'),
      "sub/a.circom": `pragma circom 2.0.0; include "../b.circom";`,
      "b.circom": `pragma circom 2.0.0; include "bitify.circom";`,
      "lib/c.circom": library("C"),
    };
    const program = await build(files, ["lib"]);
    expect(await run(program, { step_in: [1n, 2n] })).toEqual([1n, 4n]);
  });

  test("may have private arrays of any dimension, unused ones too, and buses", async () => {
    const source = `
      pragma circom 2.2.0;
      bus Point { signal x; signal y[2]; }
      template Step() {
        signal input w[2][3];
        signal input unused;
        signal input step_in[1];
        input Point() q[2];
        signal output step_out[1];
        signal product <== q[0].x * q[1].y[1];
        step_out[0] <== step_in[0] * w[1][2] + product;
      }
      component main {public [step_in]} = Step();`;
    const program = await build({ "main.circom": source });
    expect(program.inputs.map(showSignal)).toEqual([
      "step_in[1]",
      "w[2][3]",
      "unused",
      "q[0].x",
      "q[0].y[2]",
      "q[1].x",
      "q[1].y[2]",
    ]);
    const point = (x: bigint) => ({ x, y: [x, x + 1n] });
    const w = [
      [1n, 2n, 3n],
      [4n, 5n, 6n],
    ];
    const inputs = { step_in: [10n], w, unused: 0n, q: [point(7n), point(8n)] };
    expect(await run(program, inputs)).toEqual([10n * 6n + 7n * 9n]);
    const wrong: [StepInputs, RegExp][] = [
      [{ ...inputs, w: [1n] }, /w\[2\]\[3\] takes 6 value\(s\), 1 were given/],
      [
        {
          ...inputs,
          w: [
            [1n, 2n],
            [3n, 4n],
            [5n, 6n],
          ],
        },
        /is given as \[3\]\[2\]/,
      ],
      [{ ...inputs, v: 1n }, /no input "v"; its private inputs are w\[2\]\[3\], unused, /],
      [{ step_in: [1n], w, unused: 0n }, /q\[0\]\.x is missing/],
      [{ ...inputs, unused: Fp.modulus }, /unused\[0\] is not below the prime/],
    ];
    const runner = runnerOf(program);
    for (const [bad, message] of wrong) await expectRejected(runner.run(bad), "INPUT", message);
  });

  test("may print with log(), and fail an assertion with a message that tells where", async () => {
    const body = `${SQUARES} log("first", step_in[0]); step_in[1] * step_in[1] === 49;`;
    const program = await build({ "main.circom": step(body) });
    const lines: string[] = [];
    const runner = runnerOf(program, { onLog: (line) => lines.push(line) });
    await runner.run({ step_in: [2n, 7n] });
    expect(lines).toEqual(["first 2"]);
    const failing = runner.run({ step_in: [2n, 8n] }, { step: 3 });
    await expectRejected(
      failing,
      "WITNESS",
      /^step 3: circom: Assert Failed: Error in template Step_\d+ line: \d+/,
    );
    expect(lines).toEqual(["first 2", "first 2"]);
  });

  test("that loops on some inputs is stopped, and serves the next", async () => {
    const declarations = "function count(x) { var i = 0; while (i != x) { i++; } return i; }";
    const body = `${SQUARES} signal c <-- count(step_in[0]); c * 1 === step_in[0];`;
    const runner = runnerOf(await build({ "main.circom": step(body, declarations) }), {
      timeLimitMs: 3000,
    });
    await expectRejected(runner.run({ step_in: [1n << 200n, 0n] }), "TIMEOUT", /within 3000 ms/);
    await expect(runner.run({ step_in: [5n, 0n] })).resolves.toHaveLength(5 * 32);
  });
});

describe("what cannot be built says why", () => {
  test.each([
    [
      "nothing public",
      step(SQUARES, "", ""),
      "CONVENTION",
      /step_in is not public: write `component main \{public \[step_in\]\}/,
    ],
    ["a syntax error", step("step_out <== ;"), "COMPILE", /error\[P1012\].*\n.*main\.circom"?:7/],
    [
      "an unknown include",
      step(SQUARES, 'include "nowhere.circom";'),
      "COMPILE",
      /nowhere\.circom to be included has not been found/,
    ],
    [
      "no main and a warning before it",
      "",
      "COMPILE",
      /^circom refused the source:\nerror.*No main/,
    ],
    ["a newer pragma", "pragma circom 2.99.0;", "COMPILE", /requires pragma version 2\.99\.0/],
    ["no main", "pragma circom 2.0.0; template T() {}", "COMPILE", /No main specified/],
    [
      "an undefined output",
      step("step_out[0] <== step_in[1]; step_out[1] <-- 3;"),
      "CONVENTION",
      /step_out\[1\] is in no constraint/,
    ],
  ] as const)("%s", async (_, source, code, message) => {
    await expectRejected(build({ "main.circom": source }), code, message);
    expect(await readdir(join(root, `p${built - 1}`))).toEqual(["main.circom"]);
  });

  test("a missing source, and a target that holds something else", async () => {
    const source = join(root, "none.circom");
    await expectRejected(
      buildProgram({ source, out: join(root, "x") }),
      "NOT_FOUND",
      /cannot read/,
    );
    await writeFile(source, step(SQUARES));
    await expectRejected(buildProgram({ source, out: root }), "INPUT", /no program directory/);
    await expectRejected(buildProgram({ source, out: source }), "INPUT", /no program directory/);
  });

  test("a name that program.json could not hold, or that would paint the terminal", async () => {
    const source = join(root, "named.circom");
    await writeFile(source, step(SQUARES));
    for (const name of ["", "a".repeat(201), "red \u001B[31m"]) {
      const building = buildProgram({ source, out: join(root, "named"), name });
      await expectRejected(building, "INPUT", /name must be a printable text/);
    }
    await writeFile(join(root, ".circom"), step(SQUARES));
    const nameless = buildProgram({ source: join(root, ".circom"), out: join(root, "named") });
    await expectRejected(nameless, "INPUT", /name must be/);
  });

  test("a target that cannot be written", async () => {
    const source = join(root, "w.circom");
    await writeFile(source, step(SQUARES));
    const below = buildProgram({ source, out: join(source, "x", "y") });
    await expectRejected(below, "NOT_WRITABLE", /cannot write .*: a part of its path is not a dir/);
    await symlink(join(root, "nowhere"), join(root, "dangling"));
    const dangling = buildProgram({ source, out: join(root, "dangling") });
    await expectRejected(dangling, "NOT_WRITABLE", /cannot write .*dangling/);
    expect((await readdir(root)).filter((name) => name.startsWith(".d"))).toEqual([]);
  });

  test("an aborted build leaves nothing", async () => {
    const directory = join(root, "aborted");
    await mkdir(directory);
    const source = join(directory, "main.circom");
    await writeFile(source, step(SQUARES));
    const build = buildProgram({
      source,
      out: join(directory, "out"),
      signal: AbortSignal.abort(),
    });
    await expectRejected(build, "ABORTED", /cancelled/);
    expect(await readdir(directory)).toEqual(["main.circom"]);
  });
});

describe("a program directory", () => {
  test("loads whatever its signals are called", async () => {
    const name = "n".repeat(300);
    await build({ "main.circom": step(`${SQUARES} signal input ${name};`) });
    const program = await loadProgram(join(root, `p${built - 1}`, "out"));
    expect(program.manifest.privateInputs).toEqual([{ name, size: [] }]);
  });

  test("is not waited for where a file is a directory or a pipe", async () => {
    await build({ "main.circom": step(SQUARES) });
    const out = join(root, `p${built - 1}`, "out");
    await rm(join(out, "step.sym"));
    execFileSync("mkfifo", [join(out, "step.sym")]);
    await expectRejected(loadProgram(out), "NOT_FOUND", /step\.sym: it is no file/);
    await rm(join(out, "program.json"));
    await expectRejected(loadProgram(out), "NOT_FOUND", /program\.json: there is no such file/);
    await mkdir(join(out, "program.json"));
    await expectRejected(loadProgram(out), "NOT_FOUND", /program\.json: it is no file/);
  });

  test("is refused when a file was changed, is missing or belongs to another", async () => {
    const program = await build({ "main.circom": step(SQUARES) });
    const out = join(root, `p${built - 1}`, "out");
    const manifest = await readFile(join(out, "program.json"), "utf8");
    const change = (from: string, to: string) =>
      writeFile(join(out, "program.json"), manifest.replace(from, to));

    await change('"version": 1', '"version": 2');
    await expectRejected(loadProgram(out), "UNSUPPORTED", /version 2/);
    await change('"wires": 5', '"wires": 6');
    await expectRejected(loadProgram(out), "CORRUPT", /wires 6, the circuit has 5/);
    await change('"stateSize": 2', '"stateSize": 9');
    await expectRejected(loadProgram(out), "MALFORMED", /stateSize/);
    await change("{", "");
    await expectRejected(loadProgram(out), "MALFORMED", /not JSON/);
    await change("", "");
    await writeFile(join(out, "step.wasm"), Uint8Array.of(...program.wasm, 0));
    await expectRejected(loadProgram(out), "CORRUPT", /step\.wasm is not the file/);
    await rm(join(out, "step.wasm"));
    await expectRejected(loadProgram(out), "NOT_FOUND", /step\.wasm/);
  });
});

test("the first violated constraint is named by its signals", async () => {
  const inner =
    "template Inner() { signal input in; signal output out; out <== in * in; } template Outer() { signal input in; signal output out; component deep[2]; for (var i = 0; i < 2; i++) { deep[i] = Inner(); } deep[0].in <== in; deep[1].in <== deep[0].out; out <== deep[1].out * in; }";
  const body =
    "component o[n]; for (var i = 0; i < n; i++) { o[i] = Outer(); o[i].in <== step_in[i]; step_out[i] <== o[i].out; }";
  const { step: circuit, sym, wasm, manifest } = await build({ "main.circom": step(body, inner) });
  const runner = createWitnessRunner({ wasm, columns: manifest.wires });
  const z = elementsFromBytes(await runner.run({ step_in: [2n, 3n] }), Fp.modulus);
  await runner.close();
  const wire = sym.labelOfWire.indexOf(sym.names.indexOf("main.o[1].deep[0].out") + 1);
  z[wire] = 10n;
  const violation = firstViolation(circuit.r1cs, elementsToBytes(z), sym);
  expect(violation?.signals).toContain("o[1].deep[0].out");
  expect(violation?.message).toMatch(
    /^constraint \d+ in main.* does not hold: .*o\[1\]\.deep\[0\]\.out = 10/,
  );
});
