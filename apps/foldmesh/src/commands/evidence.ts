import { availableParallelism } from "node:os";
import type { Command } from "commander";
import type { EvidenceVerdict } from "@foldmesh/node";
import { CLIError, EXIT, type ExitCode } from "../errors.ts";
import { dataDirectory } from "../io/data-dir.ts";
import { readUserFile } from "../io/files.ts";
import { cacheDirectory, showPath, userPath } from "../io/paths.ts";
import { count, paint, printable } from "../io/terminal.ts";
import { shortName } from "../view/network-words.ts";
import { type CommandContext, withCache, withData, withExamples, withJSON } from "./context.ts";

const MAX_FILE_BYTES = 2 ** 31 - 1;

const ABOUT = `
Evidence is a file that a node wrote when a peer signed what no honest peer signs: two messages for one
place, an award that does not follow from its bids, a node that is not what its lease asked for. All of it is
checked here, offline; neither the node that wrote it nor anybody else need be believed. Evidence of a wrong
node holds that node and its inputs, and with them the private inputs of that shard: mind whom you give it.
Exit code 0: it proves the charge. 1: it does not, and why. 2: no evidence, or it takes more to tell.`;

export function addEvidence(parent: Command, context: CommandContext): void {
  const evidence = parent
    .command("evidence")
    .description("Check what proves that a peer cheated; list what a node keeps of it.");
  addVerifyEvidence(evidence, context);
  addListEvidence(evidence, context);
}

interface VerifyArguments {
  readonly program?: string;
  readonly cache?: string;
}

function addVerifyEvidence(parent: Command, context: CommandContext): void {
  const command = parent
    .command("verify")
    .description("Check a file of evidence.")
    .argument("<file>", "a file that a node wrote into its data directory")
    .option("-p, --program <dir>", "the program directory, for evidence of a wrong node")
    .addHelpText("after", ABOUT);
  withExamples(
    withJSON(withCache(command)),
    "foldmesh evidence verify equivocation-4kbh2q7yutx2a7ku.evidence",
    "foldmesh evidence verify invalid-node-w3n5l2axz7cyo5za.evidence --program square",
  ).action((file: string, options: VerifyArguments) => verify(file, options, context));
}

async function verify(
  file: string,
  { program, cache }: VerifyArguments,
  { signal, terminal, setExitCode }: CommandContext,
): Promise<void> {
  const bytes = await readUserFile(file, "the evidence", MAX_FILE_BYTES);
  const { verifyEvidence } = await import("@foldmesh/node");
  const { readBundle } = await import("@foldmesh/client/node");
  const verdict = await verifyEvidence({
    file: bytes,
    bundle: program === undefined ? undefined : await readBundle(userPath(program)),
    threads: availableParallelism(),
    cacheDir: cacheDirectory(cache),
    signal,
  }).catch((error: unknown) => {
    throw isProtocolError(error)
      ? new CLIError("INPUT", `${showPath(userPath(file))} is no evidence: ${error.message}`)
      : error;
  });
  setExitCode(CODES[verdict.kind]);
  terminal.result({ ok: verdict.kind === "proven", ...verdict });
  for (const line of linesOf(verdict)) terminal.line(line);
}

/** By name: its class comes with all of the protocol. */
const isProtocolError = (error: unknown): error is Error =>
  error instanceof Error && error.name === "ProtocolError";

const CODES: Readonly<Record<EvidenceVerdict["kind"], ExitCode>> = {
  proven: EXIT.ok,
  "not-proven": EXIT.invalid,
  open: EXIT.unusable,
};

const CHARGES: Readonly<Record<EvidenceVerdict["charge"], string>> = {
  equivocation: "having signed two messages for one place",
  "wrong-award": "an award that does not follow from its bids",
  "invalid-node": "having delivered a wrong node",
};

function linesOf(verdict: EvidenceVerdict): string[] {
  const { accused, accuser, charge } = verdict;
  const parties = [`accused   ${accused} of ${CHARGES[charge]}`, `accuser   ${accuser}`];
  switch (verdict.kind) {
    case "proven":
      return [
        paint(["green", "bold"], `proven: ${accused} cheated`),
        ...verdict.facts.map((fact) => `  ${printable(fact)}`),
        ...parties,
      ];
    case "not-proven":
      return [paint(["red", "bold"], "not proven"), `  ${printable(verdict.reason)}`, ...parties];
    case "open":
      return [paint(["yellow", "bold"], "undecided"), `  ${printable(verdict.reason)}`, ...parties];
  }
}

function addListEvidence(parent: Command, context: CommandContext): void {
  const command = parent.command("list").description("List the evidence that a node keeps.");
  withExamples(
    withData(withJSON(command)),
    "foldmesh evidence list",
    "foldmesh evidence list --data broker-1",
  ).action((options: { data?: string }) => list(options, context));
}

async function list({ data }: { data?: string }, { terminal }: CommandContext): Promise<void> {
  const { listEvidence } = await import("@foldmesh/node");
  const files = await listEvidence(dataDirectory(data));
  terminal.result({ evidence: files });
  terminal.line(count(files.length, "piece of evidence", "pieces of evidence"));
  for (const { path, accused, charge } of files) {
    terminal.line(`${showPath(path)}  ${charge} of ${shortName(accused)}`);
  }
}
