import { type Command, Argument } from "commander";
import {
  PROGRAM_NAMES,
  type ProgramName,
  accountKey,
  minroot,
  programDir,
  sha256Input,
  sha256State,
  signTransfer,
  TRANSFERS_PER_STEP,
  transfersJob,
} from "@foldmesh/programs";
import { type JobInput, stepCount } from "@foldmesh/r1cs";
import { positiveInteger } from "../arguments.ts";
import { CLIError } from "../errors.ts";
import { readDemoFile } from "../demo/demo-file.ts";
import { checkApart, checkWritable, writeUserFile } from "../io/files.ts";
import { showPath, userPath } from "../io/paths.ts";
import { type Terminal, count, paint, toJSON } from "../io/terminal.ts";
import { type CommandContext, withExamples, withJSON } from "./context.ts";

const MAX_STEPS = 2 ** 16;
const DEFAULT_STEPS = 4;

const ABOUT = `
sha256     the blocks of --file; the digest is the state at the end
transfers  signed transfers between four accounts, two a step
minroot    a delay function from (1, 2, 0), without private inputs`;

export function addInput(parent: Command, { terminal }: CommandContext): void {
  const command = parent
    .command("input")
    .description("Write an INPUT.json for a program that comes with Foldmesh.")
    .addArgument(new Argument("<program>", "the program").choices(PROGRAM_NAMES))
    .requiredOption("-o, --out <file>", "the INPUT.json to write")
    .option("-f, --file <file>", "with sha256: the file to hash")
    .option(
      "-n, --steps <n>",
      `with transfers and minroot: how many steps (default: ${DEFAULT_STEPS})`,
      positiveInteger(MAX_STEPS),
    )
    .addHelpText("after", ABOUT);
  withExamples(
    withJSON(command),
    "foldmesh program input sha256 --file notes.txt --out input.json",
    "foldmesh program input minroot --steps 1000 --out input.json",
  ).action(async (name: ProgramName, options: InputArguments) => {
    const out = await checkWritable(options.out);
    await checkApart(out, options.file === undefined ? [] : [userPath(options.file)]);
    const job = await makeJob(name, options);
    await writeUserFile(out, new TextEncoder().encode(`${toJSON(job.input)}\n`));
    report(terminal, name, job, out);
  });
}

interface InputArguments {
  readonly out: string;
  readonly file?: string;
  readonly steps?: number;
}

interface Job {
  readonly input: JobInput;
  /** What it must come to, by other means than the circuit's. */
  readonly zn: readonly bigint[];
}

async function makeJob(name: ProgramName, { file, steps }: InputArguments): Promise<Job> {
  if (name === "sha256") {
    if (steps !== undefined) misused("--steps", "sha256 takes as many as --file has blocks");
    if (file === undefined) misused("sha256", "it hashes a file: name one with --file");
    const { message, digest } = await readDemoFile(file);
    return { input: sha256Input(message), zn: sha256State(digest) };
  }
  if (file !== undefined) misused("--file", `${name} reads no file`);
  return name === "minroot" ? minrootJob(steps ?? DEFAULT_STEPS) : demoTransfers(steps);
}

function misused(what: string, why: string): never {
  throw new CLIError("USAGE", `${what}: ${why}`);
}

function minrootJob(count: number): Job {
  const z0 = [1n, 2n, 0n] as const;
  return { input: { z0, count }, zn: minroot(z0, count) };
}

/** Every account in turn pays the next one a unit. */
function demoTransfers(steps: number = DEFAULT_STEPS): Job {
  const secrets = [1, 2, 3, 4].map((n) => new Uint8Array(32).fill(n));
  const accounts = secrets.map((secret) => ({
    key: accountKey(secret),
    balance: 1000n,
    nonce: 0n,
  }));
  const transfers = Array.from({ length: steps * TRANSFERS_PER_STEP }, (_, k) => {
    const [from, to] = [k % secrets.length, (k + 1) % secrets.length];
    const nonce = BigInt(Math.floor(k / secrets.length));
    return signTransfer(secrets[from]!, { from, to, amount: 1n, nonce });
  });
  return transfersJob(accounts, transfers);
}

function report(terminal: Terminal, name: ProgramName, { input, zn }: Job, out: string): void {
  const [program, steps, { z0 }] = [programDir(name), stepCount(input), input];
  terminal.result({ out, program, statement: { steps, z0, zn } });
  const [dir, file] = [showPath(program), showPath(out)];
  const statement = `--z0 ${z0.join(",")} --zn ${zn.join(",")} --steps ${steps}`;
  terminal.line(`${paint("green", "wrote")} ${file}: ${count(steps, "step")} of ${name}`);
  terminal.line(`  foldmesh prove -p ${dir} -i ${file} -o ${name}.proof`);
  terminal.line(`  foldmesh verify -p ${dir} -f ${name}.proof ${statement}`);
}
