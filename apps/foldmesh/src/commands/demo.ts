import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Command } from "commander";
import {
  programDir,
  sha256Blocks,
  sha256Digest,
  sha256Input,
  sha256State,
} from "@foldmesh/programs";
import { type ProveResult, type Verdict, verifyProof } from "@foldmesh/prover";
import type { Program } from "@foldmesh/r1cs";
import { loadProgram } from "@foldmesh/r1cs/node";
import prettyBytes from "pretty-bytes";
import { positiveInteger } from "../arguments.ts";
import { EXIT } from "../errors.ts";
import { readUserFile } from "../io/files.ts";
import { cacheDirectory, repositoryRoot, showPath, userPath } from "../io/paths.ts";
import { count, duration, paint } from "../io/terminal.ts";
import { type CommandContext, withCache, withExamples, withJSON } from "./context.ts";
import { proveShown } from "./prove.ts";

/** About a kilobyte: 18 steps. */
const DEFAULT_FILE = join(repositoryRoot, "LICENSE-MIT");
const SHARDS = 8;
const MAX_FILE_BYTES = 2 ** 24;

const ABOUT = `
One step of the computation is one 64-byte block of the file; the state is the hash so far.
Each leaf of the tree proves a block; nodes are merged up to the root, which states the whole.
The first run derives a commitment key and keeps it in the cache.`;

export function addDemo(parent: Command, context: CommandContext): void {
  const command = parent
    .command("demo")
    .description("Prove the SHA-256 of a file in at least 8 shards, watch the tree, verify.")
    .argument("[file]", "the file to hash (default: this repository's LICENSE-MIT)")
    .option("-t, --threads <n>", "worker threads (default: all cores)", positiveInteger(1024))
    .addHelpText("after", ABOUT);
  withExamples(
    withJSON(withCache(command)),
    "foldmesh demo",
    "foldmesh demo notes.txt --threads 2",
  ).action((file: string | undefined, options: DemoArguments) => demo(file, options, context));
}

interface DemoArguments {
  readonly threads?: number;
  readonly cache?: string;
}

async function demo(
  file: string | undefined,
  { threads, cache }: DemoArguments,
  context: CommandContext,
): Promise<void> {
  const { signal } = context;
  const path = file === undefined ? DEFAULT_FILE : userPath(file);
  const message = await readUserFile(path, "the file", MAX_FILE_BYTES);
  const program = await loadProgram(programDir("sha256"));
  const digest = createHash("sha256").update(message).digest("hex");
  const steps = sha256Blocks(message.length);
  announce(context, path, message.length, steps);
  const cacheDir = cacheDirectory(cache);
  const start = performance.now();
  const proved = await proveShown(
    {
      program,
      input: sha256Input(message),
      signal,
      cacheDir,
      stepsPerLeaf: 1,
      shards: Math.min(SHARDS, steps),
      ...(threads === undefined ? {} : { threads }),
    },
    true,
  );
  const ms = performance.now() - start;
  const verdict = await check(program, proved, digest, cacheDir, signal);
  report(context, { path, digest, proved, verdict, ms });
}

function announce({ terminal }: CommandContext, path: string, bytes: number, steps: number): void {
  const file = `${showPath(path)} (${count(bytes, "byte")})`;
  const plan = `${count(steps, "block")} of 64 bytes, a leaf each, in ${count(Math.min(SHARDS, steps), "shard")}`;
  terminal.line(`Proving the SHA-256 of ${paint("bold", file)}: ${plan}.`);
}

/** Verifies against what the caller computed himself: nothing of the statement is taken from the proof. */
const check = (
  program: Program,
  { proof, statement }: ProveResult,
  digest: string,
  cacheDir: string,
  signal: AbortSignal,
): Promise<Verdict> =>
  verifyProof({
    program,
    proof,
    cacheDir,
    signal,
    expected: { ...statement, zn: sha256State(digest) },
  });

interface Outcome {
  readonly path: string;
  readonly digest: string;
  readonly proved: ProveResult;
  readonly verdict: Verdict;
  readonly ms: number;
}

function report({ terminal, setExitCode }: CommandContext, outcome: Outcome): void {
  const { path, digest, proved, verdict, ms } = outcome;
  const { plan, proof, statement } = proved;
  const provedDigest = sha256Digest(statement.zn);
  const ok = verdict.ok && provedDigest === digest;
  setExitCode(ok ? EXIT.ok : EXIT.invalid);
  terminal.result({
    ok,
    file: path,
    digest: provedDigest,
    expected: digest,
    steps: plan.steps,
    leaves: plan.leaves,
    shards: plan.shards.length,
    logRows: plan.logRows,
    proofBytes: proof.length,
    proveMs: Math.round(ms),
    verifyMs: Math.round(verdict.ms),
    ...(verdict.ok ? {} : { failures: verdict.failures }),
  });
  terminal.line();
  terminal.line(`proved digest  ${paint("bold", provedDigest)}`);
  terminal.line(`node:crypto    ${digest}  ${provedDigest === digest ? "the same" : "DIFFERENT"}`);
  terminal.line(`proof          ${prettyBytes(proof.length)}, made in ${duration(ms)}`);
  terminal.line(
    `verified       ${verdict.ok ? paint(["green", "bold"], "valid") : paint("red", "NOT VALID")}, in ${duration(verdict.ms)}`,
  );
  if (!verdict.ok) for (const failure of verdict.failures) terminal.line(`  ${failure}`);
}
