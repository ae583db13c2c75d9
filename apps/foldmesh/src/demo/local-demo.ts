import { programDir, sha256Digest, sha256Input, sha256State } from "@foldmesh/programs";
import { type ProveResult, type Verdict, verifyProof } from "@foldmesh/prover";
import type { Program } from "@foldmesh/r1cs";
import { loadProgram } from "@foldmesh/r1cs/node";
import prettyBytes from "pretty-bytes";
import type { CommandContext } from "../commands/context.ts";
import { proveShown } from "../commands/prove.ts";
import { EXIT } from "../errors.ts";
import { showPath } from "../io/paths.ts";
import { count, duration, paint } from "../io/terminal.ts";
import type { DemoFile } from "./demo-file.ts";

const SHARDS = 8;

export interface LocalDemoRequest {
  readonly file: DemoFile;
  readonly threads?: number;
  readonly cacheDir: string;
}

/** Proves in this process, with its worker threads. */
export async function proveLocally(
  { file, threads, cacheDir }: LocalDemoRequest,
  context: CommandContext,
): Promise<void> {
  const { signal } = context;
  const { path, message, digest, steps } = file;
  const program = await loadProgram(programDir("sha256"));
  announce(context, file);
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

function announce({ terminal }: CommandContext, { path, message, steps }: DemoFile): void {
  const file = `${showPath(path)} (${count(message.length, "byte")})`;
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
