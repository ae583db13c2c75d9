import type { KeyChoice } from "@foldmesh/prover";
import type { Command } from "commander";
import type { ExitCode } from "../errors.ts";
import { userPath } from "../io/paths.ts";
import type { Terminal } from "../io/terminal.ts";

/** What every command is given. */
export interface CommandContext {
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  /** The exit code of a command that did not fail; 0 by default. */
  readonly setExitCode: (code: ExitCode) => void;
  /** A signal is how this command ends: its exit code is then none of an interruption. */
  readonly endsBySignal: () => void;
}

export const withJSON = (command: Command): Command =>
  command.option("--json", "print the result as JSON on stdout");

export const withCache = (command: Command): Command =>
  command.option(
    "--cache <dir>",
    "where commitment keys are kept (default: $FOLDMESH_CACHE, else the platform's cache directory)",
  );

export const withKey = (command: Command): Command =>
  command.option(
    "--ptau <file>",
    "the powers of tau that the program is bound to (default: none, a transparent key)",
  );

export const withGpu = (command: Command): Command =>
  command.option(
    "--gpu",
    "use the GPU where it is faster; proofs are the same (see foldmesh doctor)",
  );

/** The choice of `withKey`. */
export const keyOf = ({ ptau }: { readonly ptau?: string }): KeyChoice =>
  ptau === undefined ? "transparent" : { ptau: userPath(ptau) };

export const withData = (command: Command): Command =>
  command.option(
    "-d, --data <dir>",
    "where keys and receipts are kept (default: $FOLDMESH_DATA, else the platform's data directory)",
  );

/** Examples at the end of a command's help. */
export const withExamples = (command: Command, ...examples: readonly string[]): Command =>
  command.addHelpText(
    "after",
    `\nExamples:\n${examples.map((example) => `  $ ${example}`).join("\n")}`,
  );
