import type { Command } from "commander";
import { loadProgram } from "@foldmesh/r1cs/node";
import { type ProofStatement, type Verdict, namePowers, verifyProof } from "@foldmesh/prover";
import { fieldElement, positiveInteger, sha256, stateElements } from "../arguments.ts";
import { CLIError, EXIT } from "../errors.ts";
import { readUserFile } from "../io/files.ts";
import { cacheDirectory, userPath } from "../io/paths.ts";
import { type Terminal, count, duration, paint } from "../io/terminal.ts";
import { showProgress } from "../view/progress.ts";
import {
  type CommandContext,
  keyOf,
  withCache,
  withExamples,
  withJSON,
  withKey,
} from "./context.ts";
import { openKeyFile, verifyWithKey } from "./verify-with-key.ts";

const MAX_PROOF_BYTES = 2 ** 31 - 1;

const ABOUT = `
With --key a proof is verified from two files alone, in a moment: the program's verifying key, as \`foldmesh
program key\` writes it, and the proof. A key is only as good as where it comes from: get it from whom you
trust, or its SHA-256, and say that with --digest.

What you do not give (--z0, --zn, --steps) is taken as the proof claims it, and printed.
Exit code 0: valid. 1: not valid, the checks that failed are named. 2: no proof, or unusable.`;

export function addVerify(parent: Command, context: CommandContext): void {
  const command = parent
    .command("verify")
    .description("Verify a proof.")
    .requiredOption("-f, --proof <file>", "a proof written by prove")
    .option("-p, --program <dir>", "a program directory")
    .option("--key <file>", "instead of it: the program's verifying key, written by program key")
    .option("--digest <sha256>", "the SHA-256 that the key must have", sha256)
    .option("--z0 <a,b>", "the state that the computation must begin with", stateElements)
    .option("--zn <c,d>", "the state that it must end with", stateElements)
    .option("--steps <n>", "the number of steps that it must have", positiveInteger())
    .option(
      "-k, --steps-per-leaf <k>",
      "the steps in one leaf that it must have been made with (default: any usual number)",
      positiveInteger(),
    )
    .option(
      "--provenance <hash>",
      "the hash of who contributed that it must bind (default: any)",
      fieldElement,
    )
    .addHelpText("after", ABOUT);
  withExamples(
    withJSON(withCache(withKey(command))),
    "foldmesh verify --program square --proof square.proof",
    "foldmesh verify -p square -f square.proof --z0 3 --zn 6561 --steps 3",
    "foldmesh verify --key square.key --proof square.proof --z0 3 --zn 6561 --steps 3",
  ).action((options: VerifyArguments) => verify(options, context));
}

interface VerifyArguments extends Partial<ProofStatement> {
  readonly program?: string;
  readonly key?: string;
  readonly digest?: string;
  readonly proof: string;
  readonly stepsPerLeaf?: number;
  readonly ptau?: string;
  readonly cache?: string;
}

async function verify(options: VerifyArguments, context: CommandContext): Promise<void> {
  const { terminal, setExitCode } = context;
  const checked =
    options.key === undefined
      ? await verifyByProgram(options, context)
      : await verifyByKey(options, options.key);
  const { verdict, expected, powers } = checked;
  setExitCode(verdict.ok ? EXIT.ok : EXIT.invalid);
  const shown = verdict.ok ? verdict : { ...verdict, failures: explain(verdict, expected) };
  report(terminal, shown, powers);
}

interface Checked {
  readonly verdict: Verdict;
  /** the name of the powers of tau that it rests on */
  readonly powers: string | undefined;
  readonly expected: Partial<ProofStatement>;
}

const readProof = ({ proof }: VerifyArguments): Promise<Uint8Array> =>
  readUserFile(proof, "the proof", MAX_PROOF_BYTES);

/** The key says for which leaves it is, and under which commitment key. */
async function verifyByKey(options: VerifyArguments, key: string): Promise<Checked> {
  const { program, ptau, cache, stepsPerLeaf, digest } = options;
  const idle = Object.entries({ program, ptau, cache, stepsPerLeaf }).find(
    ([, value]) => value !== undefined,
  );
  if (idle !== undefined) {
    const [name] = idle;
    const option = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new CLIError(
      "USAGE",
      `--${option} has no use with --key, whose file says it: leave it out`,
    );
  }
  const proof = await readProof(options);
  const opened = await openKeyFile({ key, ...(digest === undefined ? {} : { digest }) });
  const expected = expectedOf(options, opened.stateSize);
  const { powers } = opened;
  return { verdict: await verifyWithKey(opened, proof, expected), expected, powers };
}

async function verifyByProgram(
  options: VerifyArguments,
  { signal }: CommandContext,
): Promise<Checked> {
  if (options.program === undefined) {
    throw new CLIError("USAGE", "say what the proof must be of: --program DIR, or --key FILE");
  }
  if (options.digest !== undefined) {
    throw new CLIError("USAGE", "--digest is that of a key: name its file with --key");
  }
  const program = await loadProgram(userPath(options.program));
  const expected = expectedOf(options, program.manifest.stateSize);
  const proof = await readProof(options);
  const cacheDir = cacheDirectory(options.cache);
  const key = keyOf(options);
  const progress = showProgress(false);
  const verdict = await verifyProof({
    program,
    proof,
    expected,
    ...(options.stepsPerLeaf === undefined ? {} : { stepsPerLeaf: options.stepsPerLeaf }),
    key,
    cacheDir,
    signal,
    onEvent: progress.onEvent,
  }).finally(progress.stop);
  const powers = key === "transparent" ? undefined : (await namePowers(key.ptau)).name;
  return { verdict, expected, powers };
}

function expectedOf(
  { z0, zn, steps, provenance }: VerifyArguments,
  stateSize: number,
): Partial<ProofStatement> {
  checkSize("--z0", z0, stateSize);
  checkSize("--zn", zn, stateSize);
  return {
    ...(z0 === undefined ? {} : { z0 }),
    ...(zn === undefined ? {} : { zn }),
    ...(steps === undefined ? {} : { steps }),
    ...(provenance === undefined ? {} : { provenance }),
  };
}

function checkSize(option: string, state: readonly bigint[] | undefined, stateSize: number): void {
  if (state === undefined || state.length === stateSize) return;
  throw new CLIError(
    "USAGE",
    `${option} must have ${count(stateSize, "element")}, the program's state; ${state.length} came`,
  );
}

/** Names of the statement's parts as the verifier has them (z, z' and j of the paper), and as the user has them. */
const STATEMENT = {
  "statement: z": "z0",
  "statement: z'": "zn",
  "statement: j": "steps",
  "statement: pid": "provenance",
} as const;

/** The failures, with what was expected and what the proof claims where it states something else. */
export function explain(
  { failures, statement }: Extract<Verdict, { ok: false }>,
  expected: Partial<ProofStatement>,
): string[] {
  return failures.map((failure) => {
    const name = STATEMENT[failure as keyof typeof STATEMENT];
    if (name === undefined || statement === null || expected[name] === undefined) return failure;
    return `${name}: ${String(expected[name])} was expected, the proof claims ${String(statement[name])}`;
  });
}

/** Salted hashes: who contributed knows, and can show it with a receipt; nobody else learns it. */
const showProvenance = (provenance: bigint): string => `0x${provenance.toString(16)}`;

function report(terminal: Terminal, verdict: Verdict, powers: string | undefined): void {
  const { statement } = verdict;
  terminal.result({ ...verdict, ms: Math.round(verdict.ms), ...(powers && { powers }) });
  if (verdict.ok) {
    terminal.line(`${paint(["green", "bold"], "valid")} (${duration(verdict.ms)})`);
  } else {
    terminal.line(`${paint(["red", "bold"], "not valid")} (${duration(verdict.ms)})`);
    for (const failure of verdict.failures) terminal.line(`  ${paint("red", "✗")} ${failure}`);
  }
  if (statement === null) return;
  terminal.line(verdict.ok ? "the proof states:" : "the proof claims:");
  terminal.line(`  steps  ${statement.steps}`);
  terminal.line(`  z0     ${statement.z0.join(",")}`);
  terminal.line(`  zn     ${statement.zn.join(",")}`);
  terminal.line(`  by     ${showProvenance(statement.provenance)}`);
  if (powers !== undefined) terminal.line(`as far as nobody knows the tau of the powers ${powers}`);
}
