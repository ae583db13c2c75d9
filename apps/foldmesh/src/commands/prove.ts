import { join } from "node:path";
import type { Command } from "commander";
import { type JobInput, MANIFEST_FILE, PROGRAM_FILES, parseJobInput } from "@foldmesh/r1cs";
import { loadProgram } from "@foldmesh/r1cs/node";
import { type ProveRequest, type ProveResult, proveJob, reportGpu } from "@foldmesh/prover";
import prettyBytes from "pretty-bytes";
import { collect, money, positiveInteger, requestName, timeSpan } from "../arguments.ts";
import { CLIError } from "../errors.ts";
import { checkApart, checkWritable, readUserFile, writeUserFile } from "../io/files.ts";
import { cacheDirectory, showPath, userPath } from "../io/paths.ts";
import { type Terminal, count, duration, paint } from "../io/terminal.ts";
import { showProgress } from "../view/progress.ts";
import {
  type CommandContext,
  keyOf,
  withCache,
  withData,
  withGpu,
  withExamples,
  withJSON,
  withKey,
} from "./context.ts";
import { type NetworkArguments, addressesOf, proveOnNetwork } from "./prove-remotely.ts";

const MAX_INPUT_BYTES = 2 ** 29;

const INPUT_FORMAT = `
INPUT.json holds the state before the first step and the private inputs of every step:

  {"z0": ["1", "2"], "steps": [{"secret": "5"}, {"secret": "0x2f"}]}
  {"z0": [1], "count": 1000}            a step without private inputs

Values are decimal strings, 0x strings, integers below 2^53, or nested arrays of them.
The proof is about 10 kB and hides the private inputs. With --no-compress it is the root node itself:
megabytes that reveal witnesses of the computation to whoever reads them.

With --ptau the program is bound to the powers of tau in a file of snarkjs (power 15 or more, prepared or
not). Its proofs verify several times faster, only with the same file, and are worth as much as the ceremony
that the file comes from: never one that you or somebody else made alone.

With --dial or --network others prove: a broker sells the job's parts to provers by auction and this command
follows it, fetches the proof and verifies it. Whoever proves a part sees its private inputs. Ctrl-C calls the
job off. Asking again with the same --request resumes it.`;

export function addProve(parent: Command, context: CommandContext): void {
  const command = parent
    .command("prove")
    .description("Prove a computation in shards and fold it into one proof.")
    .requiredOption("-p, --program <dir>", "a program directory")
    .requiredOption("-i, --input <file>", "INPUT.json")
    .requiredOption("-o, --out <file>", "the proof to write, whole or not at all")
    .option(
      "-k, --steps-per-leaf <k>",
      "steps proved in one leaf; must divide their number (default: by the circuit's size)",
      positiveInteger(),
    )
    .option("-t, --threads <n>", "worker threads (default: all cores)", positiveInteger(1024))
    .option(
      "-s, --shards <n>",
      "contiguous pieces, merged each by itself first (default: one a thread)",
      positiveInteger(),
    )
    .option("--no-compress", "keep the root node instead of a short proof that hides the inputs")
    .option("--dial <multiaddr>", "have it proved by the network: a broker, or any member")
    .option("--network", "have it proved by the network that --bootstrap leads to")
    .option("-b, --bootstrap <multiaddr>", "a member; may be repeated, tried in turn", collect)
    .option("--max-price <micro-units>", "the most to pay (default: 3 times the quote)", money)
    .option(
      "--deadline <time>",
      "how long the network may take, such as 90s or 2h",
      timeSpan,
      600_000,
    )
    .option(
      "--request <name>",
      "name of the request: the same name resumes the same job",
      requestName,
    )
    .option("--detach", "order and leave; ask again with the same --request for the proof")
    .option("--public", "a network on the internet: refuse loopback and private addresses")
    .addHelpText("after", INPUT_FORMAT);
  withExamples(
    withData(withJSON(withCache(withKey(withGpu(command))))),
    "foldmesh prove --program square --input input.json --out square.proof",
    "foldmesh prove -p square -i input.json -o square.proof --dial /ip4/127.0.0.1/tcp/4501",
    "foldmesh prove -p square -i input.json -o square.proof --threads 2 --shards 8 --json",
  ).action((options: ProveArguments) => prove(options, context));
}

interface ProveArguments extends NetworkArguments {
  readonly program: string;
  readonly input: string;
  readonly out: string;
  readonly stepsPerLeaf?: number;
  readonly threads?: number;
  readonly shards?: number;
  readonly compress: boolean;
  readonly ptau?: string;
  readonly gpu?: boolean;
}

async function prove(options: ProveArguments, context: CommandContext): Promise<void> {
  const { signal, terminal } = context;
  const addresses = addressesOf(options);
  const out = await checkWritable(options.out);
  await checkApart(out, sourcesOf(options));
  if (addresses !== null) {
    refuseLocalOptions(options);
    const job = { program: options.program, input: await readInput(options.input), out };
    return proveOnNetwork(job, addresses, options, context);
  }
  const program = await loadProgram(userPath(options.program));
  const input = await readInput(options.input);
  const start = performance.now();
  const result = await proveShown(
    {
      program,
      input,
      signal,
      compress: options.compress,
      key: keyOf(options),
      cacheDir: cacheDirectory(options.cache),
      gpu: await gpuChoice(options, context),
      ...(options.stepsPerLeaf === undefined ? {} : { stepsPerLeaf: options.stepsPerLeaf }),
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      ...(options.shards === undefined ? {} : { shards: options.shards }),
    },
    false,
  );
  const ms = performance.now() - start;
  signal.throwIfAborted();
  await writeUserFile(out, result.proof);
  report(terminal, result, out, ms);
}

/** Without a GPU the processor proves, and the user is told. */
async function gpuChoice(
  { gpu = false, cache }: ProveArguments,
  { terminal }: CommandContext,
): Promise<"auto" | "off"> {
  if (!gpu) return "off";
  const report = await reportGpu(cacheDirectory(cache));
  if (report.ok) return "auto";
  terminal.note(`proving without a GPU: ${report.message}`);
  return "off";
}

const sourcesOf = ({ program, input, ptau }: ProveArguments): string[] => [
  userPath(input),
  ...(ptau === undefined ? [] : [userPath(ptau)]),
  ...[MANIFEST_FILE, ...PROGRAM_FILES].map((name) => join(userPath(program), name)),
];

/** How a job is cut is the broker's to decide. */
function refuseLocalOptions(options: ProveArguments): void {
  const { stepsPerLeaf, threads, shards, compress, gpu } = options;
  const given = [
    stepsPerLeaf !== undefined && "--steps-per-leaf",
    threads !== undefined && "--threads",
    shards !== undefined && "--shards",
    !compress && "--no-compress",
    gpu === true && "--gpu",
  ].filter((option) => option !== false);
  if (given.length === 0) return;
  throw new CLIError(
    "USAGE",
    `${given.join(", ")} cannot be chosen for a job on the network: its broker cuts it`,
  );
}

/** Runs a job and shows its progress on stderr. */
export async function proveShown(request: ProveRequest, tree: boolean): Promise<ProveResult> {
  const progress = showProgress(tree);
  try {
    return await proveJob({ ...request, onEvent: progress.onEvent });
  } finally {
    progress.stop();
  }
}

async function readInput(path: string): Promise<JobInput> {
  const bytes = await readUserFile(path, "the input", MAX_INPUT_BYTES);
  try {
    return parseJobInput(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new CLIError("INPUT", `the input ${path} must be JSON text in UTF-8; it is not text`, {
      cause: error,
    });
  }
}

function report(
  terminal: Terminal,
  { proof, plan, statement }: ProveResult,
  out: string,
  ms: number,
): void {
  terminal.result({
    ok: true,
    out,
    bytes: proof.length,
    ms: Math.round(ms),
    statement,
    stepsPerLeaf: plan.stepsPerLeaf,
    leaves: plan.leaves,
    shards: plan.shards.length,
    constraints: plan.constraints,
    logRows: plan.logRows,
  });
  const cut = `${count(plan.leaves, "leaf", "leaves")} in ${count(plan.shards.length, "shard")}`;
  terminal.line(
    `${paint("green", "proved")} ${count(statement.steps, "step")} in ${duration(ms)} (${cut})`,
  );
  terminal.line(`z0     ${statement.z0.join(",")}`);
  terminal.line(`zn     ${statement.zn.join(",")}`);
  terminal.line(`proof  ${showPath(out)}, ${prettyBytes(proof.length)}`);
}
