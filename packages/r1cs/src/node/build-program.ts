import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { R1CSError } from "../errors.ts";
import {
  MANIFEST_FILE,
  MANIFEST_VERSION,
  type Manifest,
  PROGRAM_FILES,
  type ProgramFile,
  LABEL_RULE,
  fileEntry,
  isLabel,
  parseManifest,
} from "../manifest.ts";
import { parseR1CS } from "../parse-r1cs.ts";
import { type Program, type ProgramBytes, describeStep, openProgram } from "../program.ts";
import { parseSym } from "../sym.ts";
import { type Compiled, OPTIMIZATION, compileCircom } from "./compile.ts";
import { fileReason } from "./file-reason.ts";
import { MAX_MANIFEST_BYTES, readFileLimited } from "./load-program.ts";

const MAX_SOURCE_BYTES = 2 ** 26;
const MAX_FILE_BYTES = 2 ** 31 - 1;

export interface BuildOptions {
  /** A .circom file with the main component. */
  readonly source: string;
  /** The program directory to write; a program already there is replaced. */
  readonly out: string;
  /** Directories searched for `include`, before circomlib's. */
  readonly includes?: readonly string[];
  /** Default: the source's file name. */
  readonly name?: string;
  readonly timeLimitMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Compiles a step circuit into a program directory, written whole or not at all.
 * @throws R1CSError NOT_FOUND, COMPILE (circom's message), CONVENTION (what to write), CORRUPT (out holds something else)
 */
export async function buildProgram(options: BuildOptions): Promise<Program> {
  const out = resolve(options.out);
  await checkSource(options.source);
  const name = checkName(options.name ?? basename(options.source).replace(/\.circom$/, ""));
  await checkReplaceable(out);
  const work = await makeWorkDirectory(out);
  try {
    const { includes = [], source, signal, timeLimitMs } = options;
    const compiled = await compileCircom({
      source,
      includes,
      workDirectory: work,
      signal,
      timeLimitMs,
    });
    const files = await readCompiled(compiled);
    const manifest = describe(name, compiled, files);
    const program = openProgram(manifest, files);
    await replaceDirectory(out, work, manifest, files);
    return program;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function checkSource(source: string): Promise<void> {
  await readFileLimited(source, MAX_SOURCE_BYTES);
  if (source.endsWith(".circom")) return;
  throw new R1CSError("INPUT", `${source} must be a .circom file`);
}

function checkName(name: string): string {
  if (isLabel(name)) return name;
  throw new R1CSError(
    "INPUT",
    `the program's name must be ${LABEL_RULE}, it is ${JSON.stringify(name.slice(0, 40))}: choose another`,
  );
}

/** Beside the target, so that the result can be moved into place in one piece. */
async function makeWorkDirectory(out: string): Promise<string> {
  try {
    await mkdir(dirname(out), { recursive: true });
    return await mkdtemp(join(dirname(out), `.${basename(out)}-`));
  } catch (error) {
    throw unwritable(out, error);
  }
}

const unwritable = (out: string, error: unknown): R1CSError =>
  new R1CSError("NOT_WRITABLE", `cannot write ${out}: ${fileReason(error)}`, { cause: error });

/** Only an empty directory or a program may be replaced: nothing else of the user's is ever removed. */
async function checkReplaceable(out: string): Promise<void> {
  const entry = await stat(out).catch(() => undefined);
  if (entry === undefined) return;
  const ours: readonly string[] = [MANIFEST_FILE, ...PROGRAM_FILES];
  const found = entry.isDirectory() ? await readdir(out) : null;
  const foreign = found?.find((name) => !ours.includes(name));
  if (found !== null && foreign === undefined) return;
  const what = found === null ? "it is no directory" : `it has ${foreign}`;
  throw new R1CSError(
    "INPUT",
    `${out} is no program directory (${what}): name a new directory, or one that a program may be written over`,
  );
}

async function readCompiled({ r1cs, wasm, sym }: Compiled): Promise<ProgramBytes> {
  const [r1csBytes, wasmBytes, symBytes] = await Promise.all(
    [r1cs, wasm, sym].map((path) => readFileLimited(path, MAX_FILE_BYTES)),
  );
  return { "step.r1cs": r1csBytes!, "step.wasm": wasmBytes!, "step.sym": symBytes! };
}

function describe(name: string, compiled: Compiled, files: ProgramBytes): Manifest {
  const r1cs = parseR1CS(files["step.r1cs"]);
  const sym = parseSym(new TextDecoder().decode(files["step.sym"]));
  const entries = PROGRAM_FILES.map((file) => [file, fileEntry(files[file])] as const);
  const manifest = {
    version: MANIFEST_VERSION,
    name,
    compiler: `${compiled.compiler} ${OPTIMIZATION}`,
    ...describeStep(r1cs, sym),
    files: Object.fromEntries(entries) as Record<ProgramFile, (typeof entries)[number][1]>,
  } satisfies Manifest;
  return parseManifest(encodeManifest(manifest)); // what is written must be what can be read
}

function encodeManifest(manifest: Manifest): string {
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  if (Buffer.byteLength(text) <= MAX_MANIFEST_BYTES) return text;
  throw new R1CSError(
    "TOO_LARGE",
    `the circuit has ${manifest.privateInputs.length} private inputs, too many to list in program.json: join them in arrays`,
  );
}

/** Writes beside the old directory, then swaps by rename. */
async function replaceDirectory(
  out: string,
  work: string,
  manifest: Manifest,
  files: ProgramBytes,
): Promise<void> {
  const fresh = join(work, "program");
  try {
    await mkdir(fresh);
    await writeFile(join(fresh, MANIFEST_FILE), encodeManifest(manifest));
    for (const name of PROGRAM_FILES) await writeFile(join(fresh, name), files[name]);
    await swap(fresh, out, join(work, "old"));
  } catch (error) {
    throw error instanceof R1CSError ? error : unwritable(out, error);
  }
}

async function swap(fresh: string, out: string, old: string): Promise<void> {
  const replacing = (await stat(out).catch(() => undefined)) !== undefined;
  if (replacing) await rename(out, old);
  try {
    await rename(fresh, out);
  } catch (error) {
    if (replacing) await rename(old, out);
    throw error;
  }
}
