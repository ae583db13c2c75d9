import type { Command } from "commander";
import { deriveKey, openKey } from "@foldmesh/client/verify";
import { describeLeaf, loadSRS } from "@foldmesh/prover";
import { loadProgram } from "@foldmesh/r1cs/node";
import prettyBytes from "pretty-bytes";
import { positiveInteger } from "../arguments.ts";
import { checkWritable, writeUserFile } from "../io/files.ts";
import { cacheDirectory, showPath, userPath } from "../io/paths.ts";
import { paint } from "../io/terminal.ts";
import {
  type CommandContext,
  keyOf,
  withCache,
  withExamples,
  withJSON,
  withKey,
} from "./context.ts";

const ABOUT = `
With this file a page verifies proofs of the program that were made with so many steps in a leaf. Whoever
derives it gets the same bytes. Publish its SHA-256: a page must not take a key from whom it does not trust.`;

interface KeyArguments {
  readonly out: string;
  readonly stepsPerLeaf?: number;
  readonly cache?: string;
  readonly ptau?: string;
}

export function addKey(parent: Command, { signal, terminal }: CommandContext): void {
  const command = parent
    .command("key")
    .description("Write the verifying key of a program, for @foldmesh/client/verify.")
    .argument("<dir>", "a program directory")
    .requiredOption("-o, --out <file>", "the file to write")
    .option(
      "-k, --steps-per-leaf <k>",
      "steps in one leaf of the proofs (default: the planner's choice for a long job)",
      positiveInteger(),
    )
    .addHelpText("after", ABOUT);
  withExamples(
    withKey(withJSON(withCache(command))),
    "foldmesh program key square --out square.key",
    "foldmesh program key square -k 64 --out square.key --json | jq -r .digest",
  ).action(async (directory: string, options: KeyArguments) => {
    const out = await checkWritable(options.out);
    const program = await loadProgram(userPath(directory));
    const cacheDir = cacheDirectory(options.cache);
    const stepsPerLeaf = options.stepsPerLeaf ?? describeLeaf({ program }).stepsPerLeaf;
    const key = keyOf(options);
    const powers =
      key === "transparent" ? {} : { powers: (n: number) => loadSRS(key.ptau, n, cacheDir) };
    const file = await deriveKey(program, { stepsPerLeaf, signal, ...powers });
    const { digest } = await openKey(file); // as whoever gets it will
    await writeUserFile(out, file);
    terminal.result({ program: program.digest, stepsPerLeaf, digest, bytes: file.length });
    terminal.line(
      `${paint("green", "wrote")} ${showPath(out)}, ${prettyBytes(file.length, { binary: true })}, for leaves of ${stepsPerLeaf}`,
    );
    terminal.line(`${paint("dim", "SHA-256")} ${digest}`);
  });
}
