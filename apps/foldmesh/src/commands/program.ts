import type { Command } from "commander";
import { type Program, showSignal } from "@foldmesh/r1cs";
import { buildProgram, loadProgram } from "@foldmesh/r1cs/node";
import { type LeafShape, describeLeaf } from "@foldmesh/prover";
import prettyBytes from "pretty-bytes";
import { collect, positiveInteger } from "../arguments.ts";
import { showPath, userPath } from "../io/paths.ts";
import { type Terminal, count, isLive, paint } from "../io/terminal.ts";
import { type CommandContext, withExamples, withJSON } from "./context.ts";
import { addInput } from "./program-input.ts";
import { addKey } from "./program-key.ts";

const CONVENTION = `
The circuit is one step of a computation: it takes a state of 1 to 4 elements to the next one.

  template Step() {
      signal input step_in[2];      // the only public input
      signal output step_out[2];
      signal input secret;          // every other input is private
      …
  }
  component main {public [step_in]} = Step();`;

export function addProgram(parent: Command, context: CommandContext): void {
  const program = parent
    .command("program")
    .description("Build and inspect programs, write inputs and verifying keys for them.");
  addBuild(program, context);
  addInspect(program, context);
  addKey(program, context);
  addInput(program, context);
}

function addBuild(parent: Command, { signal, terminal }: CommandContext): void {
  const command = parent
    .command("build")
    .description("Compile a circom step circuit into a program directory.")
    .argument("<file>", "the .circom file with the main component")
    .requiredOption(
      "-o, --out <dir>",
      "the program directory to write; a program there is replaced",
    )
    .option("-l, --include <dir>", "search includes here first; may be repeated", collect, [])
    .option("-n, --name <name>", "name of the program (default: the file's name)")
    .addHelpText("after", CONVENTION);
  withExamples(
    withJSON(command),
    "foldmesh program build square.circom --out square",
    "foldmesh program build rollup.circom --out rollup -l lib -l vendor/circomlib/circuits",
  ).action(async (file: string, options: BuildArguments) => {
    const out = userPath(options.out);
    const { name } = options;
    if (isLive(process.stderr)) terminal.note(`compiling ${showPath(userPath(file))} with circom`);
    const program = await buildProgram({
      source: userPath(file),
      out,
      includes: options.include.map(userPath),
      signal,
      ...(name === undefined ? {} : { name }),
    });
    terminal.line(`${paint("green", "built")} ${program.manifest.name} in ${showPath(out)}`);
    report(terminal, program, null);
  });
}

interface BuildArguments {
  readonly out: string;
  readonly include: readonly string[];
  readonly name?: string;
}

interface InspectArguments {
  readonly stepsPerLeaf?: number;
}

function addInspect(parent: Command, { terminal }: CommandContext): void {
  const command = parent
    .command("inspect")
    .description("Tell what a program directory holds and what proving it takes.")
    .argument("<dir>", "a program directory")
    .option(
      "-k, --steps-per-leaf <k>",
      "steps proved in one leaf (default: the planner's choice for a long job)",
      positiveInteger(),
    );
  withExamples(
    withJSON(command),
    "foldmesh program inspect square",
    "foldmesh program inspect square --json | jq .leaf.logRows",
  ).action(async (directory: string, { stepsPerLeaf }: InspectArguments) => {
    const program = await loadProgram(userPath(directory));
    report(terminal, program, describeLeaf({ program, stepsPerLeaf }));
  });
}

function report(terminal: Terminal, program: Program, leaf: LeafShape | null): void {
  const { digest, manifest } = program;
  const { name, compiler, stateSize, constraints, wires, privateInputs } = manifest;
  terminal.result({
    name,
    digest,
    compiler,
    stateSize,
    constraints,
    wires,
    privateInputs,
    ...(leaf === null ? {} : { leaf }),
  });
  const rows: [string, string][] = [
    ["program", name],
    ["digest", digest],
    ["compiler", compiler],
    ["state", count(stateSize, "element")],
    ["constraints", constraints.toLocaleString("en")],
    ["wires", wires.toLocaleString("en")],
    ["private inputs", privateInputs.map(showSignal).join(", ") || "none"],
    ...(leaf === null ? [] : leafRows(leaf)),
  ];
  for (const [key, value] of rows) terminal.line(`${paint("dim", key.padEnd(15))} ${value}`);
}

const leafRows = ({ stepsPerLeaf, constraints, logRows, bases, keyBytes }: LeafShape) =>
  [
    ["steps per leaf", stepsPerLeaf.toLocaleString("en")],
    ["rows of a leaf", `${constraints.toLocaleString("en")}, padded to 2^${logRows}`],
    [
      "commitment key",
      `${bases.toLocaleString("en")} points, ${prettyBytes(keyBytes, { binary: true })} in the cache`,
    ],
  ] satisfies [string, string][];
