import { Command, CommanderError } from "commander";
import { watchInterrupts } from "./abort.ts";
import { addBench } from "./commands/bench.ts";
import { addDashboard } from "./commands/dashboard.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addDemo } from "./commands/demo.ts";
import { addEvidence } from "./commands/evidence.ts";
import { addKeys } from "./commands/keys.ts";
import { addPeers } from "./commands/peers.ts";
import { addProgram } from "./commands/program.ts";
import { addProve } from "./commands/prove.ts";
import { addStart } from "./commands/start.ts";
import { addStatus } from "./commands/status.ts";
import { addVerify } from "./commands/verify.ts";
import { EXIT, type ExitCode, describeError } from "./errors.ts";
import { version } from "./io/version.ts";
import { createTerminal, paint, reportFailure } from "./io/terminal.ts";
import type { CommandContext } from "./commands/context.ts";

const EPILOGUE = `
Exit codes:
  0    done; the proof is valid
  1    the proof is not valid, the evidence proves nothing, or what was to be shown did not hold
  2    unusable arguments, files or input (one sentence on stderr says which)
  3    a fault of foldmesh itself
  4    the network did not do it: nobody answered or offered, or the job failed
  130  interrupted (143: terminated)

Environment:
  FOLDMESH_CACHE  where commitment keys are kept (default: the platform's cache directory)
  FOLDMESH_DATA   where keys and receipts are kept (default: the platform's data directory)
  NO_COLOR        no colours; there are none either where the output is not a terminal
  DEBUG           print the stack of an error

Examples:
  $ foldmesh demo
  $ foldmesh program build square.circom --out square
  $ foldmesh prove --program square --input input.json --out square.proof
  $ foldmesh verify --program square --proof square.proof --z0 3
  $ foldmesh start --bootstrap /ip4/192.0.2.1/tcp/4501
  $ foldmesh prove -p square -i input.json -o square.proof --dial /ip4/192.0.2.1/tcp/4501`;

/**
 * Runs one command.
 * @param args without the interpreter and the script
 * @returns the exit code; nothing is thrown
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  using interrupts = watchInterrupts();
  const json = args.includes("--json");
  const { signal } = interrupts;
  let exitCode: ExitCode = EXIT.ok;
  let endsBySignal = false;
  const context: CommandContext = {
    signal,
    terminal: createTerminal(json),
    setExitCode: (code) => (exitCode = code),
    endsBySignal: () => (endsBySignal = true),
  };
  try {
    await createProgram(context).parseAsync(args, { from: "user" });
    return endsBySignal ? exitCode : (interrupts.cause()?.exitCode ?? exitCode);
  } catch (error) {
    if (error instanceof CommanderError) return endOfUsage(error, json);
    const failure = describeError(error, interrupts.cause());
    reportFailure(failure, json);
    if ((process.env["DEBUG"] ?? "") !== "") console.error(error);
    return failure.exitCode;
  }
}

/** Help was asked for, or the arguments were refused; commander has already told stderr. */
function endOfUsage({ exitCode, message }: CommanderError, json: boolean): ExitCode {
  if (exitCode === 0) return EXIT.ok;
  const failure = {
    exitCode: EXIT.unusable,
    code: "USAGE",
    message: message.replace(/^error: /, ""),
  };
  createTerminal(json).result({ ok: false, error: failure });
  return EXIT.unusable;
}

/** Every command with its help. */
function createProgram(context: CommandContext): Command {
  const program = new Command("foldmesh")
    .description(
      "Proves circom computations in shards, alone or as a network, and folds the proofs into one.",
    )
    .version(version(), "-V, --version")
    .exitOverride()
    .showHelpAfterError("(--help tells more)")
    .configureHelp({ styleTitle: (title) => paint("bold", title) })
    .addHelpText("after", EPILOGUE);
  addProgram(program, context);
  addProve(program, context);
  addVerify(program, context);
  addBench(program, context);
  addStart(program, context);
  addStatus(program, context);
  addPeers(program, context);
  addKeys(program, context);
  addEvidence(program, context);
  addDoctor(program, context);
  addDashboard(program, context);
  addDemo(program, context);
  return program;
}
