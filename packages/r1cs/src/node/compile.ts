import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { mkdir, realpath } from "node:fs/promises";
import { basename, dirname, join, parse, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { R1CSError } from "../errors.ts";

const require = createRequire(import.meta.url);

const MAX_OUTPUT_BYTES = 2 ** 24;
const DEFAULT_TIME_LIMIT_MS = 30 * 60_000;
const MAX_MESSAGE_CHARACTERS = 4000;

/** circom's own default is --O1; full simplification leaves fewer wires and rows to prove. */
export const OPTIMIZATION = "--O2";

export interface CompileOptions {
  readonly source: string;
  /** Directories searched for `include`, before circomlib's. */
  readonly includes: readonly string[];
  /** An existing directory for the results. */
  readonly workDirectory: string;
  readonly timeLimitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Paths of what circom wrote. */
export interface Compiled {
  readonly r1cs: string;
  readonly wasm: string;
  readonly sym: string;
  /** "circom 2.2.3" */
  readonly compiler: string;
  /** What circom printed on success (statistics and warnings). */
  readonly output: string;
}

/**
 * Compiles with circom2, the circom compiler as a program of its own (it is GPL: run, never imported).
 * @throws R1CSError COMPILE with the compiler's message, TIMEOUT, ABORTED
 */
export async function compileCircom(options: CompileOptions): Promise<Compiled> {
  const out = join(options.workDirectory, "circom");
  await mkdir(out);
  const includes = [...options.includes.map((path) => resolve(path)), ...(await circomlibPaths())];
  const flags = ["--r1cs", "--wasm", "--sym", OPTIMIZATION, "-o", out];
  const source = resolve(options.source);
  const output = await runCircom(
    [source, ...flags, ...includes.flatMap((path) => ["-l", path])],
    options,
  );
  const name = basename(source).replace(/\.circom$/, "");
  return {
    r1cs: join(out, `${name}.r1cs`),
    wasm: join(out, `${name}_js`, `${name}.wasm`),
    sym: join(out, `${name}.sym`),
    compiler: await compilerVersion(),
    output,
  };
}

/**
 * Makes every usual way to include circomlib work: "poseidon.circom", "circuits/poseidon.circom",
 * "circomlib/circuits/poseidon.circom", "[../]node_modules/circomlib/circuits/poseidon.circom". circom
 * tries an include under each -l directory, "../" and all: every one of them leads to the same file.
 */
async function circomlibPaths(): Promise<string[]> {
  const manifest = require.resolve("circomlib/package.json");
  const circomlib = dirname(await realpath(manifest));
  const modules = dirname(circomlib);
  return [join(circomlib, "circuits"), circomlib, modules, dirname(modules)];
}

async function compilerVersion(): Promise<string> {
  const printed = await runCircom(["--version"], {});
  return /circom compiler (\S+)/.exec(printed)?.[1]?.replace(/^/, "circom ") ?? "circom";
}

type RunCircomOptions = Pick<CompileOptions, "timeLimitMs" | "signal">;

/** The command sees the file system through WASI, below its working directory only: it runs at the root. */
async function runCircom(args: readonly string[], options: RunCircomOptions): Promise<string> {
  const { promise, resolve: done, reject } = Promise.withResolvers<string>();
  const command = require.resolve("circom2/cli.js");
  execFile(
    process.execPath,
    [command, ...args],
    {
      cwd: parse(process.cwd()).root,
      env: {},
      maxBuffer: MAX_OUTPUT_BYTES,
      timeout: options.timeLimitMs ?? DEFAULT_TIME_LIMIT_MS,
      ...(options.signal && { signal: options.signal }),
    },
    (error, stdout, stderr) => {
      const text = stripVTControlCharacters(`${stdout}${stderr}`).trim();
      if (error === null) done(text);
      else reject(compileError(error, nameAbsolutely(text)));
    },
  );
  return promise;
}

function compileError(error: Error & { killed?: boolean }, text: string): R1CSError {
  if (error.name === "AbortError") {
    return new R1CSError("ABORTED", "the compilation was cancelled", { cause: error });
  }
  if (error.killed === true) {
    return new R1CSError("TIMEOUT", "circom did not finish within its time", { cause: error });
  }
  const message = text === "" ? error.message : errorsOf(text).slice(0, MAX_MESSAGE_CHARACTERS);
  return new R1CSError("COMPILE", `circom refused the source:\n${message}`);
}

/** circom's diagnostics are paragraphs; what else it says matters only where there are no errors among them. */
function errorsOf(text: string): string {
  const errors = text.split(/\n\s*\n/).filter((paragraph) => paragraph.startsWith("error"));
  return errors.length === 0 ? text : errors.join("\n\n");
}

/** circom names files relative to the root that it runs at. */
function nameAbsolutely(text: string): string {
  const { root } = parse(process.cwd());
  return text.replaceAll(/"([^"\n]+\.circom)"/g, (quoted, path: string) =>
    existsSync(join(root, path)) ? `"${join(root, path)}"` : quoted,
  );
}
